"""Pages of leads: the owner's (choose, follow, answer, who looked), the institution's (queue, case), cost sheets."""

from flask import Blueprint

bp = Blueprint("leads", __name__)

from matchmaker.leads.views import (  # noqa: E402  the routes hang on bp
    answers,  # noqa: F401
    choosing,  # noqa: F401
    institution,  # noqa: F401
    looking,  # noqa: F401
    moving,  # noqa: F401
    owner,  # noqa: F401
    papers,  # noqa: F401
    repairing,  # noqa: F401
    second_look,  # noqa: F401
    sheets,  # noqa: F401
    talking,  # noqa: F401
)
