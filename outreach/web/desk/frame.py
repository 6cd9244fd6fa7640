"""The blueprint of the desk: every page of it is registered here."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("desk", __name__)
