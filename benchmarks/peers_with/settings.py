"""The settings of django-post_office as `peers.py` measures it."""

import json
import os

SECRET_KEY, USE_TZ = "-", True
INSTALLED_APPS = ["django.contrib.contenttypes", "post_office"]
DATABASES = {"default": json.loads(os.environ["PO_DATABASE"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
EMAIL_BACKEND = "post_office.EmailBackend"
EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(os.environ["SINK"])
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True},
    {
        "BACKEND": "post_office.template.backends.post_office.PostOfficeTemplates",
        "NAME": "post_office",
        "APP_DIRS": True,
        "OPTIONS": {},
    },
]
POST_OFFICE = {
    "BATCH_SIZE": int(os.environ["PO_BATCH"]),
    "THREADS_PER_PROCESS": int(os.environ["PO_THREADS"]),
    "LOG_LEVEL": 0,
    "BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"},
}
