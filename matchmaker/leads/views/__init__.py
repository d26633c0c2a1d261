"""Pages of leads: the owner's (choose, follow, answer, who looked), the institution's (queue, case), cost sheets."""

from flask import Blueprint

bp = Blueprint("leads", __name__)

from matchmaker.leads.views import answers, institution, looking, moving, owner, sheets  # noqa: E402, F401  the routes hang on bp
