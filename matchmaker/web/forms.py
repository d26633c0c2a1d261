"""What somebody typed: the base of all forms, refusals at their field, what is carried over a sign-in."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFProtect
from itsdangerous import BadSignature, URLSafeSerializer
from wtforms import HiddenField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from matchmaker.refusal import Refused
from matchmaker.web.sentences import sentence

NOT_CARRIED = frozenset({"csrf_token", "form_key", "carried", "resume"})

csrf = CSRFProtect()


class ChecksField(SelectMultipleField):
    """Several choices as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class BaseForm(FlaskForm):
    """A form of ours: it carries a key, can be resumed after signing in again, and shows refusals at their field."""

    form_key = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        g.setdefault("forms_made", []).append(self)  # so that an error page can name what was typed
        if not self.form_key.data:
            self.form_key.data = uuid.uuid4().hex

    def submitted(self) -> bool:
        """Whether this was posted to be carried out, and is valid. A form brought back after sign-in is only shown."""
        return bool(self.is_submitted()) and "resume" not in request.form and bool(self.validate())

    def refuse(self, no: Refused) -> None:
        """Show a refusal, and what is wrong besides, at its field, or above the form where it belongs to none."""
        for one in (no, *no.also):
            field = self._fields.get(one.field or "")
            words = sentence(one.reason)
            if field is None:
                self.form_errors.append(words)
            else:
                field.errors = [*field.errors, words]


class ReadForm(BaseForm):
    """A form whose texts are read one by one; each refusal lands at its field and nothing typed is lost."""

    def read(self, reader: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What ``reader`` makes of its arguments; None, with the error at its field, when it refuses."""
        try:
            return reader(*args, **kwargs)
        except Refused as no:
            self.refuse(no)
            return None

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether everything typed can be read; ``read_all`` leaves the values on the form."""
        sound = super().validate(extra_validators)
        for field in self._fields.values():
            field.errors = list(field.errors)
        self.read_all()
        return sound and not any(field.errors for field in self._fields.values()) and not self.form_errors

    def read_all(self) -> None:
        """Read every field; the values wait on the form."""


def typed_values() -> list[tuple[str, str]]:
    """What was typed, to be carried along or shown: no tokens, no passwords."""
    return [(name, value) for name, value in request.form.items(multi=True)
            if name not in NOT_CARRIED and "password" not in name and "code" != name]


def typed_as_labelled() -> list[tuple[str, str]]:
    """What was typed, for reading: by the names of the fields and choices of the forms of this request, where they are
    known; nothing that was left empty and nothing that a form carries unseen."""
    fields = {field.name: field for form in g.get("forms_made", []) for field in form}
    found = []
    for name, value in typed_values():
        field = fields.get(name)
        if not value.strip() or name == "back" or isinstance(field, HiddenField):
            continue
        choices = {str(code): words for code, words, *_more in getattr(field, "choices", None) or ()}
        found.append((str(field.label.text) if field is not None else name, str(choices.get(value, value))))
    return found


def pack_carried(values: Iterable[tuple[str, str]], path: str) -> str:
    """Typed values and where they were going, signed, to survive a sign-in."""
    return _carrier().dumps({"path": path, "values": [list(pair) for pair in values]})


def unpack_carried(text: str) -> tuple[str, list[tuple[str, str]]] | None:
    """What ``pack_carried`` packed, or None when it was tampered with."""
    try:
        packed = _carrier().loads(text)
    except BadSignature:
        return None
    return packed["path"], [(name, value) for name, value in packed["values"]]


def continue_page(carried: str) -> ResponseReturnValue:
    """After signing in again: a page whose one button brings the typed form back, filled."""
    unpacked = unpack_carried(carried)
    if unpacked is None:
        return redirect(url_for("home.start"), 303)
    path, values = unpacked
    return render_template("errors/continue.html", path=path, values=values)


def _carrier() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="carried form")


def back_to(endpoint: str, **args: Any) -> ResponseReturnValue:
    """Redirect after a deed."""
    return redirect(url_for(endpoint, **args), 303)


def said(words: Any) -> None:
    """Tell the person, on the next page, what has been done."""
    flash(str(words))
