"""Workers killed, lines cut, disks full, clocks wrong: no letter twice, none lost."""
