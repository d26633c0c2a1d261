"""Pages of a business: write it down once, complete it, prove who may act, let somebody help; the operator's checks."""

from flask import Blueprint

bp = Blueprint("businesses", __name__)

from matchmaker.businesses.views import (  # noqa: E402  the routes hang on bp
    checking,  # noqa: F401
    claiming,  # noqa: F401
    completing,  # noqa: F401
    helping,  # noqa: F401
    own,  # noqa: F401
    proving,  # noqa: F401
    writing,  # noqa: F401
)
