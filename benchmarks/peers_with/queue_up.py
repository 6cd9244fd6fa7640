"""Fills the queue of django-post_office with LETTERS letters of TEXT."""

import os

import django

django.setup()

from post_office.models import STATUS, Email  # noqa: E402  (Django wants to be set up first)

Email.objects.all().delete()
Email.objects.bulk_create(
    [
        Email(
            from_email="us@campaign.example",
            to=[f"m{n}@parliament.example"],
            subject=f"A letter to {n}",
            message=os.environ["TEXT"],
            status=STATUS.queued,
            priority=2,
        )
        for n in range(int(os.environ["LETTERS"]))
    ],
    batch_size=2000,
)
