"""What a desk does with its products: write, submit, publish as the second person, suspend, stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Branch, Institution
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.happened import announce
from matchmaker.products import listing, queries
from matchmaker.products.announcements import CapacitySaid, ProductPublished, ProductStopped, ProductSuspended
from matchmaker.products.cover import services as cover
from matchmaker.products.cover.rules import lines_offered
from matchmaker.products.listing import Actor, clean
from matchmaker.products.models import ImportLine, Product, ProductFee, ProductImport, ProductIntake, ProductVersion
from matchmaker.products.rules.differences import differences
from matchmaker.products.rules.freshness import confirmed_until, is_fresh, may_undo
from matchmaker.products.rules.importing import File, Line, Offers, read_table
from matchmaker.products.rules.states import Kind, kinds_offered
from matchmaker.products.rules.terms import Problem, Terms
from matchmaker.products.rules.typed import FIELDS, SaidCapacity, read_terms, typed_from
from matchmaker.reference import insurance_lines
from matchmaker.refusal import Reason, Refused

SAMPLE_NAME = "样例产品架（不是真机构）"


def start_product(*, institution_id: int, kind: str, name: str, branch_id: int | None = None, by: Actor) -> Product:
    """Begin a product: draft version 1 with its name. Refused where this kind of institution lists no such product."""
    institution = db.session.get_one(Institution, institution_id)
    if kind not in kinds_offered(institution.kind) and not institution.is_sample:
        raise Refused("product_kind_not_offered", field="kind")
    if branch_id is not None:
        branch = db.session.get(Branch, branch_id)
        if branch is None or branch.institution_id != institution_id:
            raise Refused("product_branch_foreign", field="branch_id")
    product = Product(
        institution=institution, branch_id=branch_id, kind=kind, created_by_id=by.id, created_at=clock.now()
    )
    db.session.add(product)
    db.session.flush()
    version = _new_version(product, number=1, typed={"name": [name.strip()]}, by=by)
    _take_over(version)
    db.session.flush()
    record("product.start", product, by=by, kind=kind)
    return product


def offers_of(institution: Institution) -> Offers | None:
    """What tables read in for this institution may hold; None where it lists nothing. The shelf of samples: all."""
    if institution.is_sample:
        every = frozenset(line.code for line in insurance_lines.every())
        return Offers((*(kind.value for kind in Kind), "cover"), every)
    lines = lines_offered(institution.kind)
    kinds = (*(kind.value for kind in kinds_offered(institution.kind)), *(("cover",) if lines else ()))
    return Offers(kinds, frozenset(lines)) if kinds else None


def import_products(*, institution: Institution, filename: str, file: File | Reason, by: Actor) -> ProductImport:
    """Begin a draft, a product or a cover, from every usable line of a table, with what can be read of it only.

    The same file read in twice for an institution answers the first reading: nothing is made twice. What is missing
    is asked by the form, as in every draft; two persons publish, as always. Raises Refused (422, at `file`) with a
    code of `rules.importing.opened` or `read_table`, or `product_kind_not_offered`.
    """
    offers = offers_of(institution)
    if offers is None:
        raise Refused("product_kind_not_offered", field="file", status=422)
    if isinstance(file, Reason):
        raise Refused(file.code, field="file", status=422, **file.facts)
    table = read_table(file, offers)
    if isinstance(table, Reason):
        raise Refused(table.code, field="file", status=422, **table.facts)
    db.session.execute(
        sa.select(Institution.id).where(Institution.id == institution.id).with_for_update(key_share=True)
    )
    before = queries.import_of(institution.id, file.sha256)
    if before is not None:
        return before
    source = ProductImport(
        institution=institution, filename=clean(filename)[-100:], sha256=file.sha256,
        used=[clean(one) for one in table.used], unused=[clean(one) for one in table.unused],
        sheet=clean(table.sheet), other_sheets=[clean(one) for one in table.other_sheets],
        imported_by_id=by.id, imported_at=clock.now(),
    )  # fmt: skip
    db.session.add(source)
    for line in table.lines:
        source.lines.append(_import_line(institution, line, by))
    db.session.flush()
    record("product.import", source, by=by, lines=len(table.lines), drafts=sum(one.usable for one in table.lines))
    return source


def _import_line(institution: Institution, line: Line, by: Actor) -> ImportLine:
    """What became of a line, with the draft begun from it where it is usable."""
    kept = ImportLine(
        number=line.number, name=clean(line.name), institution_said=clean(line.institution),
        found=[one.as_json() for one in line.found],
    )  # fmt: skip
    if not line.usable:
        return kept
    typed = {field: [clean(value) for value in values] for field, values in line.typed.items()}
    if line.kind == "cover":
        kept.cover = cover.start_cover_with(institution, line=line.cover_line, typed=typed, by=by)
        return kept
    product = start_product(institution_id=institution.id, kind=line.kind, name=clean(line.name), by=by)
    (version,) = product.versions
    version.typed = typed
    version.steps_saved = [step for step in FIELDS if any(field in typed for field in FIELDS[step])]
    _take_over(version)
    kept.product = product
    return kept


def sample_desk() -> Institution:
    """The institution that stands for imported samples: no real one, never admitted, on nobody's list."""
    found = db.session.scalar(sa.select(Institution).where(Institution.is_sample).order_by(Institution.id).limit(1))
    if found is None:
        found = Institution(
            name=SAMPLE_NAME, short_name="样例", kind="STATE", licence_number="SAMPLE", status="suspended",
            status_note="导入的样例，不是真机构，不能接入", region_code="110000", applied_at=clock.now(),
            is_sample=True, about="从公开资料导入的产品样例，只作草稿看，不上架、不匹配。",
        )  # fmt: skip
        db.session.add(found)
        db.session.flush()
    return found


def start_version(product: Product, *, by: Actor) -> ProductVersion:
    """Begin the next version with what the published one says; that one stays in force until this is published."""
    if product.current_version is None or product.open_version is not None:
        raise Refused("product_version_open")
    version = _new_version(
        product, number=product.versions[-1].number + 1, typed=typed_from(product.current_version.terms), by=by
    )
    version.steps_saved = list(FIELDS)
    _take_over(version)
    db.session.flush()
    record("product.edit", product, by=by, number=version.number)
    return version


def _new_version(product: Product, *, number: int, typed: dict[str, list[str]], by: Actor) -> ProductVersion:
    version = ProductVersion(
        product=product, number=number, typed=typed, steps_saved=[], created_by_id=by.id, created_at=clock.now()
    )
    db.session.add(version)
    db.session.flush()
    return version


def save_step(
    version: ProductVersion, step: str, typed: Mapping[str, Sequence[str]], *, seen: int, by: Actor
) -> list[Problem]:
    """Keep what was typed in one step of the form, right or wrong, and answer what is wrong in that step.

    `seen` is the row version that the writer had before them: a colleague who saved since then wins (409).
    Nothing typed is refused here: a draft may hold anything, and only a complete one may be submitted.
    """
    listing.keep_typed(version, step, typed, fields=FIELDS[step], seen=seen)
    _take_over(version)
    db.session.flush()
    record("product.save", version.product, by=by, number=version.number, step=step)
    return queries.problems_by_step(queries.problems_in(version, clock.today()))[step]


def _take_over(version: ProductVersion) -> None:
    """Write into the columns what can be read of the typed text."""
    terms, _ = read_terms(version.typed, Kind(version.product.kind))
    for column in (
        "name",
        "summary",
        "first_time_friendly",
        "first_time_only",
        "amount_min_yuan",
        "amount_max_yuan",
        "term_min_months",
        "term_max_months",
        "spread_min_bp",
        "spread_max_bp",
        "fixed_rate_percent",
        "revolving",
        "min_months_in_business",
        "min_turnover_yuan",
        "max_debt_ratio_percent",
        "renewal_statement",
        "promised_days",
        "valid_from_on",
        "valid_until_on",
        "renewable",
    ):
        setattr(version, column, getattr(terms, column))
    for column in (
        "applicant_kinds",
        "purposes",
        "repayments",
        "securities",
        "regions",
        "industries_allow",
        "industries_deny",
        "tax_grades",
    ):
        setattr(version, column, list(getattr(terms, column)))
    version.rate_base = None if terms.rate_base is None else terms.rate_base.value
    version.renewal_kind = None if terms.renewal_kind is None else terms.renewal_kind.value
    version.documents = [paper.as_json() for paper in terms.documents]
    version.concessions = [one.as_json() for one in terms.concessions]
    _take_over_fees(version, terms)


def _take_over_fees(version: ProductVersion, terms: Terms) -> None:
    rows = {fee.code: fee for fee in version.fees}
    for line in terms.fees:
        row = rows.pop(line.code, None)
        if row is None:
            row = ProductFee(code=line.code)
            version.fees.append(row)
        negative = line.value is not None and line.value < 0  # said at the field, not fit for the column
        row.charged, row.payee, row.optional, row.note = (
            line.charged,
            line.payee if line.charged else "",
            line.optional,
            line.note,
        )
        row.payer = None if line.payer is None else line.payer.value
        row.basis = None if line.basis is None else line.basis.value
        row.timing = None if line.timing is None else line.timing.value
        row.value = None if negative else line.value
    for row in rows.values():
        version.fees.remove(row)


def drop_draft(version: ProductVersion, *, by: Actor) -> bool:
    """Throw a draft away. A product that was never published goes with it; answers whether it did."""
    product = version.product
    alone = listing.throw_draft_away(version, by=by)
    if alone:
        db.session.execute(sa.update(ImportLine).where(ImportLine.product_id == product.id).values(product_id=None))
        db.session.delete(product)
        db.session.flush()
    return alone


def submit_version(version: ProductVersion, *, seen: int, by: Actor) -> ProductVersion:
    """Hand a complete version to a second person. Refused while anything is missing (fees 8.2, renewal 9.1)."""
    current = version.product.current_version
    listing.hand_over(
        version,
        seen=seen,
        problems=queries.problems_in(version, clock.today()),
        changed=current is None or bool(differences(current.terms, version.terms)),
        by=by,
    )
    return version


def publish_version(version: ProductVersion, *, seen: int, by: Actor) -> Product:
    """The second person puts a version in force; the one before it is superseded and stays as it was."""
    product = version.product
    listing.put_in_force(version, seen=seen, problems=queries.problems_in(version, clock.today()), by=by)
    _confirm(product, by)
    db.session.flush()
    record("product.publish", product, by=by, number=version.number)
    listing.tell_writer(version, "published")
    announce(ProductPublished(product.id, version.id))
    return product


def suspend_product(product: Product, *, note: str, seen: int, by: Actor) -> Product:
    """Take a product off the lists for a while, at once and by one person; running leads go on."""
    listing.stand(product, "suspend", note=note, seen=seen, by=by)
    announce(ProductSuspended(product.id))
    return product


def resume_product(product: Product, *, seen: int, by: Actor) -> Product:
    """Publish a suspended product again as it was, confirmed anew: not by the person who suspended it."""
    version = listing.resumable(product, seen=seen, by=by)
    _confirm(product, by)
    listing.stand(product, "resume", by=by)
    announce(ProductPublished(product.id, version.id))
    return product


def stop_product(product: Product, *, note: str, seen: int, by: Actor) -> Product:
    """Take no new business any more. It comes back only with a new version that two persons have seen."""
    listing.stand(product, "stop", note=note, seen=seen, by=by)
    announce(ProductStopped(product.id))
    return product


def stop_sell(product: Product, *, seen: int, by: Actor) -> Product:
    """Take a product off the lists in one click, no reason asked; whoever did may take it back for ten minutes."""
    listing.stand(product, "suspend", seen=seen, by=by)
    announce(ProductSuspended(product.id))
    return product


def undo_stop(product: Product, *, seen: int, by: Actor) -> Product:
    """Take one's own stop back within ten minutes: all is as before, the confirmation no longer and no shorter.

    Raises Refused `product_undo_over` when it is too late or somebody else's stop.
    """
    listing.unchanged(product, seen)
    listing.admitted(product)
    if product.state != "suspended" or not may_undo(product.standing_at, product.standing_by_id, by.id, clock.now()):
        raise Refused("product_undo_over")
    listing.stand(product, "resume", by=by)
    assert product.current_version_id is not None
    announce(ProductPublished(product.id, product.current_version_id))
    return product


def reconfirm_product(product: Product, *, seen: int, by: Actor) -> Product:
    """Say that all of it still holds today: believed for another 90 days, and not in doubt any more (8.2)."""
    listing.unchanged(product, seen)
    listing.admitted(product)
    if product.state != "published":
        raise Refused("product_step_closed", state=f"label:product.state:{product.state}")
    version = listing.still_valid(product)
    was_shown = is_fresh(product.confirmed_until_on, product.doubted_at, clock.today())
    _confirm(product, by)
    db.session.flush()
    record("product.reconfirm", product, by=by, until_on=product.confirmed_until_on)
    if not was_shown:
        announce(ProductPublished(product.id, version.id))
    return product


def say_capacity(product: Product, said: SaidCapacity, *, seen: int, by: Actor) -> ProductIntake:
    """Write what a product can take from now on. `seen` is the number of the saying that the writer had before them.

    It takes effect at once and needs no second person: it makes nothing cheaper or dearer. What was counted of this
    week stays, what was taken of the money begins anew. Raises Refused `product_changed_meanwhile`.
    """
    session = db.session
    row = session.scalar(
        sa.select(ProductIntake)
        .where(ProductIntake.product_id == product.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if seen != (row.said_number if row is not None else 0):
        raise Refused("product_changed_meanwhile")
    if row is None:
        row = ProductIntake(product_id=product.id, said_number=0, week_leads=0)
        session.add(row)
    row.leads_per_week, row.funds_said_yuan = said.leads_per_week, said.funds_left_yuan
    row.full_until_on, row.funds_taken_yuan = said.full_until_on, Decimal(0)
    row.said_number, row.said_at, row.said_by_id = row.said_number + 1, clock.now(), by.id
    session.flush()
    record(
        "product.capacity",
        product,
        by=by,
        leads_per_week=said.leads_per_week,
        funds_left_yuan=said.funds_left_yuan,
        full_until_on=said.full_until_on,
    )
    announce(CapacitySaid(product.id))
    return row


def reconfirm_several(seen: Mapping[int, int], *, by: Actor, institution_ids: set[int]) -> tuple[int, int]:
    """Confirm products (number -> row version that was read); answers how many were, and how many were not.

    What belongs to another institution, changed meanwhile, is off the lists or at its end is left as it is: the list
    still shows it, with its own reason.
    """
    done = 0
    for number in sorted(seen):
        product = queries.product(number)
        if product is None or product.institution_id not in institution_ids:
            continue
        try:
            reconfirm_product(product, seen=seen[number], by=by)
        except Refused:  # refused before anything is written; counted and said
            continue
        done += 1
    return done, len(seen) - done


def doubt_product(product_id: int, *, at: datetime) -> None:
    """A decline says that the product is stopped: hide it until its desk, which is told, confirms it again."""
    product = db.session.scalar(
        sa.select(Product)
        .where(Product.id == product_id)
        .with_for_update(of=Product)
        .execution_options(populate_existing=True)
    )
    if product is None or product.state != "published" or product.doubted_at is not None:
        return
    product.doubted_at = at
    db.session.flush()
    record("product.doubt", product, by=None)
    listing.tell_desk(product, "doubted", key=f"doubted:{at.isoformat()}", name=product.name)


def remind_to_confirm(product: Product, *, days: int) -> None:
    """Tell the desk that a confirmation ends in so many days, or with 0 that it is over; each once."""
    listing.tell_desk(
        product,
        "confirm_soon" if days else "confirm_over",
        key=f"{product.confirmed_until_on}:confirm{days}",
        name=product.name,
        until_on=product.confirmed_until_on,
    )


def _confirm(product: Product, by: Actor) -> None:
    today = clock.today()
    product.confirmed_at, product.confirmed_by_id = clock.now(), by.id
    product.confirmed_until_on, product.doubted_at = confirmed_until(today), None
