"""What statements lock that change nothing that we model: they are told apart by their kind and their message."""

from __future__ import annotations

from typing import Any

from sqla_lsp.postgres.locking.modes import MODES, Mode
from sqla_lsp.postgres.locking.queries import READS, WRITES, named_in, parsed_statements, select, write
from sqla_lsp.postgres.locking.work import AE, SRE, SUE, Work, referencing, with_type
from sqla_lsp.postgres.sql_expressions import member, qualified, relation, strings
from sqla_lsp.postgres.sql_grammar import Parsed
from sqla_lsp.postgres.sql_plain import kind_of
from sqla_lsp.postgres.sql_text import Holes
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.operations import DropType, OtherStatement

_ALTER_TABLE: dict[str, Mode] = {
    "AT_SetStatistics": SUE,
    "AT_SetOptions": SUE,
    "AT_ResetOptions": SUE,
    "AT_SetRelOptions": SUE,
    "AT_ResetRelOptions": SUE,
    "AT_ClusterOn": SUE,
    "AT_DropCluster": SUE,
    "AT_EnableTrig": SRE,
    "AT_EnableAlwaysTrig": SRE,
    "AT_EnableReplicaTrig": SRE,
    "AT_DisableTrig": SRE,
    "AT_EnableTrigAll": SRE,
    "AT_DisableTrigAll": SRE,
    "AT_EnableTrigUser": SRE,
    "AT_DisableTrigUser": SRE,
}
"""Subcommands that take less than ACCESS EXCLUSIVE."""
_REWRITING = frozenset({"AT_SetLogged", "AT_SetUnLogged", "AT_SetAccessMethod"})
_COMMENTED = frozenset({"OBJECT_TABLE", "OBJECT_COLUMN", "OBJECT_INDEX", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_SEQUENCE"})
_ON_TABLE = frozenset({"OBJECT_TABCONSTRAINT", "OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"})
_WITHOUT_RELATION = (
    "create_function_stmt do_stmt create_extension_stmt alter_enum_stmt create_schema_stmt create_role_stmt alter_role_stmt"
    " variable_show_stmt notify_stmt listen_stmt alter_role_set_stmt define_stmt create_cast_stmt"
    " alter_default_privileges_stmt create_range_stmt composite_type_stmt alter_database_set_stmt"
    " alter_function_stmt create_conversion_stmt create_plang_stmt grant_role_stmt alter_owner_stmt transaction_stmt"
    " create_event_trig_stmt alter_event_trig_stmt create_enum_stmt create_domain_stmt alter_type_stmt discard_stmt"
    " constraints_set_stmt check_point_stmt prepare_stmt load_stmt variable_set_stmt unlisten_stmt deallocate_stmt"
    " declare_cursor_stmt fetch_stmt close_portal_stmt drop_role_stmt alter_system_stmt alter_collation_stmt"
    " create_table_space_stmt drop_table_space_stmt alter_table_space_options_stmt create_fdw_stmt alter_fdw_stmt"
    " create_foreign_server_stmt alter_foreign_server_stmt create_user_mapping_stmt alter_user_mapping_stmt"
    " drop_user_mapping_stmt create_am_stmt create_op_class_stmt create_op_family_stmt alter_op_family_stmt sec_label_stmt"
    " alter_object_depends_stmt alter_object_schema_stmt alter_operator_stmt alter_tsdictionary_stmt"
    " alter_tsconfiguration_stmt create_transform_stmt createdb_stmt dropdb_stmt alter_database_stmt"
    " alter_database_refresh_coll_stmt rename_stmt"
)
_NO_RELATION = frozenset(_WITHOUT_RELATION.split())
_CHECKING = ("C", "O", "V")
"""What ALTER DOMAIN does that every value is held against: ADD CONSTRAINT, SET NOT NULL, VALIDATE CONSTRAINT."""


def other(work: Work, operation: OtherStatement) -> None:
    """The locks of a statement that is known by its kind alone."""
    sql = operation.site.sql or ""
    kind = operation.kind
    if kind in WRITES:
        write(work, operation, sql)
    elif kind in READS:
        select(work, sql)
    elif kind == "EXECUTE":
        work.taking.not_known("what EXECUTE runs is not known")
    elif sql:
        for parsed in parsed_statements(sql):
            if parsed.node is None:
                work.taking.not_known(parsed.reason)
            else:
                _statement(work, parsed)


def _statement(work: Work, parsed: Parsed) -> None:
    node = parsed.node
    match parsed.kind:
        case "alter_table_stmt":
            _alter_table(work, node)
        case "create_trig_stmt":
            work.lock(relation(node.relation, Holes()), SRE)
        case "create_policy_stmt" | "alter_policy_stmt":
            work.lock(relation(node.table, Holes()), AE)
        case "create_stats_stmt":
            for item in node.relations:
                work.lock(relation(item.range_var, Holes()), SUE)
        case "rule_stmt":
            work.lock(relation(node.relation, Holes()), AE)
        case "view_stmt":
            for table in named_in(parsed.text):
                work.lock(table, "ACCESS SHARE")
            work.lock(relation(node.view, Holes()), AE)
            if not node.replace:
                work.taking.make(str(relation(node.view, Holes())))
        case "refresh_mat_view_stmt":
            _refresh(work, node)
        case "truncate_stmt":
            _truncate(work, node)
        case "vacuum_stmt":
            _vacuum(work, node)
        case "cluster_stmt" if node.HasField("relation"):
            work.lock(relation(node.relation, Holes()), AE)
            work.rewrite(relation(node.relation, Holes()))
        case "lock_stmt":
            for item in node.relations:
                work.lock(relation(item.range_var, Holes()), MODES[node.mode - 1])
            work.taking.lasts("nothing")
        case "comment_stmt":
            _comment(work, node)
        case "grant_stmt":
            if work.version >= 18:
                _grant(work, node)
        case "drop_stmt":
            _drop(work, node)
        case "rename_stmt" | "alter_object_schema_stmt" if node.HasField("relation"):
            work.lock(relation(node.relation, Holes()), AE)
        case "create_seq_stmt":
            work.lock(relation(node.sequence, Holes()), AE)
            _owner(work, node)
            work.taking.make(str(relation(node.sequence, Holes())))
        case "alter_seq_stmt":
            work.lock(relation(node.sequence, Holes()), SRE)
            _owner(work, node)
        case "create_publication_stmt":
            for table in named_in(parsed.text):
                work.lock(table, SUE)
        case "alter_domain_stmt":
            _alter_domain(work, node)
        case "do_stmt" if any(item.def_elem.defname == "language" for item in node.args):
            work.taking.not_known("what the DO block runs is not known")
        case "execute_stmt" | "call_stmt":
            work.taking.not_known(f"what {kind_of(parsed.text)} runs is not known")
        case "alter_extension_stmt":
            work.taking.not_known("what the script of the extension runs is not known")
        case kind if kind not in _NO_RELATION:
            for table in named_in(parsed.text):
                work.taking.not_known(f"how {table} is locked is not known")
            if not named_in(parsed.text):
                work.taking.not_known(f"what {kind_of(parsed.text)} locks is not known")


def _alter_table(work: Work, node: Any) -> None:
    table = relation(node.relation, Holes())
    for item in node.cmds:
        name = member(item.alter_table_cmd, "subtype")
        work.lock(table, _ALTER_TABLE.get(name, AE))
        if name in _REWRITING:
            work.rewrite(table)
        change = getattr(item.alter_table_cmd, "def")
        if name in ("AT_AddInherit", "AT_DropInherit"):
            work.lock(relation(change.range_var, Holes()), SUE)
        if name == "AT_ReplicaIdentity" and change.replica_identity_stmt.name:
            work.lock_beside(table, change.replica_identity_stmt.name, "SHARE")
        if name == "AT_SetTableSpace":
            work.taking.not_known("where the tablespace is another one, the table is copied")


def _grant(work: Work, node: Any) -> None:
    if member(node, "objtype") not in ("OBJECT_TABLE", "OBJECT_SEQUENCE"):
        return
    if member(node, "targtype") != "ACL_TARGET_OBJECT":
        work.taking.not_known("all that is in the schema is locked ACCESS SHARE", work=False)
        return
    for item in node.objects:
        work.lock(relation(item.range_var, Holes()), "ACCESS SHARE")


def _owner(work: Work, node: Any) -> None:
    """A sequence is said to belong to a column: its table is looked at."""
    for option in node.options:
        names = strings(option.def_elem.arg.list.items) if option.def_elem.defname == "owned_by" else ()
        if len(names) > 1:
            work.lock(qualified(names[:-1], Holes()), "ACCESS SHARE")


def _alter_domain(work: Work, node: Any) -> None:
    """A new constraint of a domain is checked in every table that has a column of it."""
    constraint = getattr(node, "def").constraint
    if node.subtype not in _CHECKING or (node.subtype == "C" and constraint.skip_validation):
        return
    tables = with_type(work, strings(node.type_name)[-1])
    if node.subtype == "V" or not tables:
        work.taking.not_known("the tables with columns of the domain are locked, and all of them read, too")
        return
    for table in tables:
        work.lock(table, "SHARE")
        work.scan(table)


def _refresh(work: Work, node: Any) -> None:
    view = relation(node.relation, Holes())
    work.lock(view, "EXCLUSIVE" if node.concurrent else AE)
    if node.concurrent:
        work.lock_indexes(view, "ROW EXCLUSIVE")
        work.scan(view)
    else:
        work.taking.rewrite(str(view))
        work.lock_indexes(view, AE)
    work.taking.lasts("query")
    known = work.known.table(view)
    if known is None or not known.reads:
        work.taking.not_known("the tables that its query names are read", work=False)
    for table in known.reads if known is not None else ():
        work.read_by_query(table)
        work.lock(table, "ACCESS SHARE")


def _truncate(work: Work, node: Any) -> None:
    pending = [relation(item.range_var, Holes()) for item in node.relations]
    done: list[TableName] = []
    while pending:
        table = pending.pop()
        done.append(table)
        work.lock(table, AE)
        work.lock_indexes(table, AE)
        work.taking.rewrite(str(table))
        if node.restart_seqs:
            work.lock_sequences(table, AE)
        if member(node, "behavior") == "DROP_CASCADE":
            pending += [child for child in referencing(work, table) if child not in done]


def _vacuum(work: Work, node: Any) -> None:
    options = {item.def_elem.defname for item in node.options}
    work.taking.lasts("query")
    if not node.rels:
        work.taking.not_known("every table of the database is locked in its turn")
    for item in node.rels:
        table = relation(item.vacuum_relation.relation, Holes())
        if "full" in options:
            work.lock(table, AE)
            work.rewrite(table)
            continue
        work.lock(table, SUE)
        work.lock_indexes(table, "ROW EXCLUSIVE" if node.is_vacuumcmd else "ACCESS SHARE")
        if node.is_vacuumcmd:
            work.scan(table)


def _comment(work: Work, node: Any) -> None:
    kind = member(node, "objtype")
    names = strings(node.object.list.items)
    if kind == "OBJECT_COLUMN":
        names = names[:-1]
    if kind in _COMMENTED and names:
        work.lock(qualified(names, Holes()), SUE)
    elif kind in _ON_TABLE and names[:-1]:
        work.lock(qualified(names[:-1], Holes()), "ACCESS SHARE")


def drop_type(work: Work, operation: DropType) -> None:
    """CASCADE takes the columns along; without it Postgres refuses while there are any."""
    for table in with_type(work, operation.name):
        work.lock(table, AE)
    for parsed in parsed_statements(operation.site.sql or ""):
        if parsed.kind == "drop_stmt":
            _drop(work, parsed.node)


def _drop(work: Work, node: Any) -> None:
    kind = member(node, "remove_type")
    if kind == "OBJECT_STATISTIC_EXT":
        work.taking.not_known("their table is locked SHARE UPDATE EXCLUSIVE", work=False)
    for item in node.objects:
        names = strings(item.list.items)
        if kind in _ON_TABLE:
            work.lock(qualified(names[:-1], Holes()), AE)
        elif kind in ("OBJECT_VIEW", "OBJECT_SEQUENCE", "OBJECT_FOREIGN_TABLE"):
            work.lock(qualified(names, Holes()), AE)
    if member(node, "behavior") == "DROP_CASCADE":
        work.taking.not_known("what depends on it is dropped, and locked, too", work=False)
