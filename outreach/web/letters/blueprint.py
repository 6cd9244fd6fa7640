"""The blueprint that every page about letters registers on."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("letters", __name__)
