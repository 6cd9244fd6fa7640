// Sends LETTERS letters of TEXT by nodemailer: node node.js POOL [dkim]
const {generateKeyPairSync} = require("crypto");
const [pool, dkim] = [Number(process.argv[2]), process.argv[3] === "dkim"];
const pem = {privateKeyEncoding: {type: "pkcs1", format: "pem"},
             publicKeyEncoding: {type: "spki", format: "pem"}, modulusLength: 2048};
const options = {pool: true, maxConnections: pool, maxMessages: Infinity, host: "127.0.0.1",
                 port: Number(process.env.SINK), secure: false, ignoreTLS: true};
if (dkim) options.dkim = {domainName: "campaign.example", keySelector: "bench",
                          privateKey: generateKeyPairSync("rsa", pem).privateKey};
const transport = require("nodemailer").createTransport(options);
let next = 0;
async function send() {
  while (next < Number(process.env.LETTERS)) {
    const n = next++;
    await transport.sendMail({from: "us@campaign.example", to: `m${n}@parliament.example`,
                              subject: `A letter to ${n}`, text: process.env.TEXT});
  }
}
Promise.all(Array.from({length: pool * 2}, send)).then(() => transport.close());
