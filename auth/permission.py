"""Permissions: what a route may demand, and which roles have it. The one table of its kind.

Roles open doors; *which* things are behind the door is decided by scoped queries, and single acts by the
`may_…` of each package's `policy.py`.
"""

from __future__ import annotations

from enum import Enum

from flask_babel import lazy_gettext as _l


class Role(str, Enum):
    ORDERER = "orderer"
    APPROVER = "approver"
    RECEIVER = "receiver"
    AGREEMENT_OWNER = "agreement_owner"  # strategic buyer; at the office: of all agreements
    ORGANISATION_ADMIN = "organisation_admin"
    SYSTEM_ADMIN = "system_admin"  # technical: sees no order content
    AUDITOR = "auditor"  # reads everything of the organisation, changes nothing


ROLE_NAMES = {
    Role.ORDERER: _l("beställare"),
    Role.APPROVER: _l("attestant"),
    Role.RECEIVER: _l("godsmottagare"),
    Role.AGREEMENT_OWNER: _l("avtalsägare"),
    Role.ORGANISATION_ADMIN: _l("organisationens administratör"),
    Role.SYSTEM_ADMIN: _l("systemadministratör"),
    Role.AUDITOR: _l("revisor"),
}


class Permission(str, Enum):
    PUBLIC = "public"  # no log-in: log-in page, health, static files, supplier links
    SIGNED_IN = "signed-in"
    CATALOGUE_READ = "catalogue:read"  # search, articles, agreements
    ORDER_CREATE = "order:create"  # basket, checkout, submit, withdraw
    ORDER_READ = "order:read"  # requisitions and orders in one's scope
    ORDER_APPROVE = "order:approve"
    ORDER_RECEIVE = "order:receive"
    ORDER_EXPORT = "order:export"  # the organisation's orders with their coding, as a file for the ledger
    CALL_OFF_READ = "call-off:read"  # which call-offs did not go to the first, and why
    NEED_REPORT = "need:report"  # report a need, ask a category owner
    AGREEMENT_MANAGE = "agreement:manage"  # agreements, suppliers, categories, price lists; answers to needs
    ORGANISATION_MANAGE = "organisation:manage"  # own units, addresses, people, approval rules
    RULES_READ = "rules:read"  # approval rules and approvers, and a try of who would approve
    SYSTEM_MANAGE = "system:manage"  # all organisations, mail
    JOURNAL_READ = "journal:read"


P = Permission

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ORDERER: frozenset({P.CATALOGUE_READ, P.ORDER_CREATE, P.ORDER_READ, P.ORDER_RECEIVE, P.NEED_REPORT}),
    Role.APPROVER: frozenset({P.CATALOGUE_READ, P.ORDER_READ, P.ORDER_APPROVE, P.NEED_REPORT}),
    Role.RECEIVER: frozenset({P.CATALOGUE_READ, P.ORDER_READ, P.ORDER_RECEIVE, P.NEED_REPORT}),
    Role.AGREEMENT_OWNER: frozenset(
        {P.CATALOGUE_READ, P.ORDER_READ, P.CALL_OFF_READ, P.NEED_REPORT, P.AGREEMENT_MANAGE}
    ),
    Role.ORGANISATION_ADMIN: frozenset(
        {P.CATALOGUE_READ, P.ORDER_READ, P.ORDER_EXPORT, P.CALL_OFF_READ, P.NEED_REPORT, P.ORGANISATION_MANAGE}
        | {P.RULES_READ, P.JOURNAL_READ}
    ),
    Role.SYSTEM_ADMIN: frozenset(
        {P.ORGANISATION_MANAGE, P.RULES_READ, P.SYSTEM_MANAGE, P.JOURNAL_READ}  # of the journal, technical entries
    ),
    Role.AUDITOR: frozenset(
        {P.CATALOGUE_READ, P.ORDER_READ, P.ORDER_EXPORT, P.CALL_OFF_READ, P.RULES_READ, P.JOURNAL_READ}
    ),
}
