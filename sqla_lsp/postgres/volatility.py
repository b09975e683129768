"""Whether an expression gives another value for every row: then ADD COLUMN with it as default writes the whole table."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqla_lsp.postgres.sql_expressions import messages, strings
from sqla_lsp.postgres.sql_grammar import statements
from sqla_lsp.postgres.sql_text import Holes

_VOLATILE_NAMES = (
    "random random_normal clock_timestamp timeofday gen_random_uuid gen_random_bytes nextval setval uuidv4 uuidv7"
    " uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 pg_sleep txid_current_if_assigned"
)
_VOLATILE = frozenset(_VOLATILE_NAMES.split())
_STEADY_NAMES = (
    "now transaction_timestamp statement_timestamp timezone to_timestamp to_char to_date to_number date_trunc date_part"
    " extract age make_date make_interval make_time make_timestamp make_timestamptz lower upper initcap btrim ltrim rtrim"
    " trim concat concat_ws format length char_length octet_length substr substring left right lpad rpad repeat replace"
    " reverse split_part md5 sha256 encode decode quote_literal quote_ident chr ascii string_to_array array_to_string"
    " array_fill array_append array_cat abs ceil ceiling floor round trunc power sqrt mod sign greatest least"
    " json_build_object json_build_array jsonb_build_object jsonb_build_array to_json to_jsonb json_object jsonb_object"
    " row_to_json jsonb_set current_setting current_database current_schema version pg_backend_pid int4range int8range"
    " numrange tsrange tstzrange daterange to_tsvector to_tsquery txid_current pg_current_xact_id hstore"
)
_STEADY = frozenset(_STEADY_NAMES.split())
_MORE_NAMES = (
    "count min max sum avg bool_and bool_or every string_agg array_agg stddev variance mode percentile_cont percentile_disc"
    " row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value generate_series unnest"
    " generate_subscripts regexp_replace regexp_matches regexp_match regexp_split_to_table regexp_split_to_array position"
    " overlay strpos starts_with normalize quote_nullable ltrim ln log exp pi div width_bucket cardinality date_bin isfinite"
    " justify_days justify_hours justify_interval currval lastval set_config col_description obj_description format_type"
    " translate bit_length isempty lower_inc upper_inc lower_inf upper_inf host masklen network text xmlelement xmlagg"
)
_MORE = frozenset(_MORE_NAMES.split())
_FAMILIES = ("pg_", "json_", "jsonb_", "array_", "has_", "to_", "txid_", "ts_", "current_", "inet_")


def is_built_in(name: str, schema: Sequence[str]) -> bool:
    """Whether a function is known to be one of Postgres's own, which locks nothing that others wait for."""
    known = name in _VOLATILE or name in _STEADY or name in _MORE or name.startswith(_FAMILIES)
    return schema == ["pg_catalog"] or (known and not schema)


@lru_cache(maxsize=2000)
def is_volatile(expression: str) -> bool | None:
    """Whether an expression is volatile; None where it calls a function that is not known: one that somebody made is volatile
    unless it says otherwise."""
    known: bool | None = False
    for parsed in statements(f"SELECT {expression}", Holes()):
        if parsed.node is None:
            return None
        for node in messages(parsed.node):
            if node.DESCRIPTOR.name != "FuncCall":
                continue
            *schema, name = strings(node.funcname)
            if name in _VOLATILE:
                return True
            if name not in _STEADY or schema not in ([], ["pg_catalog"]):
                known = None
    return known
