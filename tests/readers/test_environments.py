"""What env.py and alembic.ini configure, in the shapes that people give them."""

from __future__ import annotations

import inspect
from pathlib import Path

import alembic
import pytest
from msgspec.structs import replace

from sqla_lsp.project.modules import ProjectModules
from sqla_lsp.readers.environments import EnvironmentFacts, Options, read_environment, read_ini, read_pyproject
from tests.project.state import write

TEMPLATES = Path(alembic.__file__).parent / "templates"
NAMES = {"uq": "uq_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"}


def facts(folder: Path, env: str, files: dict[str, str] | None = None, url: str | None = None) -> EnvironmentFacts:
    write(folder, {"migrations/env.py": inspect.cleandoc(env) + "\n"})
    write(folder, {name: inspect.cleandoc(text) + "\n" for name, text in (files or {}).items()})
    modules = ProjectModules(lambda path: Path(path).read_bytes())
    module = modules.load(str(folder / "migrations/env.py"))
    assert module is not None
    return read_environment(module, modules, str(folder), Options(str(folder), (), url))


def shape(found: EnvironmentFacts) -> tuple[bool | None, bool, dict[str, str]]:
    return found.transaction_per_migration, found.others, found.naming_convention


# ---------------------------------------------------------------------------------------------------------------- shapes


@pytest.mark.parametrize("template", ["generic", "async", "multidb", "pyproject", "pyproject_async"])
@pytest.mark.parametrize("per_migration", [False, True])
def test_templates_of_alembic(tmp_path: Path, template: str, per_migration: bool) -> None:
    text = (TEMPLATES / template / "env.py").read_text()
    assert text.count("context.configure(") == 2
    if per_migration:
        text = text.replace("connection=", "transaction_per_migration=True, connection=")
    text = text.replace(
        "target_metadata = None", "from sqlalchemy import MetaData\ntarget_metadata = MetaData(naming_convention=NAMES)"
    )
    text = text.replace("from alembic import context", f"from alembic import context\nNAMES = {NAMES!r}")
    found = facts(tmp_path, text, url="postgresql://x/y")
    conventions = {} if template == "multidb" else NAMES
    assert shape(found) == (per_migration, False, conventions)


FLASK = """
import logging
from logging.config import fileConfig

from flask import current_app

from alembic import context

config = context.config
fileConfig(config.config_file_name)
logger = logging.getLogger('alembic.env')


def get_engine():
    try:
        return current_app.extensions['migrate'].db.get_engine()
    except (TypeError, AttributeError):
        return current_app.extensions['migrate'].db.engine


def get_engine_url():
    try:
        return get_engine().url.render_as_string(hide_password=False).replace('%', '%%')
    except AttributeError:
        return str(get_engine().url).replace('%', '%%')


config.set_main_option('sqlalchemy.url', get_engine_url())
target_db = current_app.extensions['migrate'].db


def get_metadata():
    if hasattr(target_db, 'metadatas'):
        return target_db.metadatas[None]
    return target_db.metadata


def run_migrations_offline():
    url = config.get_main_option("sqlalchemy.url")
    context.configure(url=url, target_metadata=get_metadata(), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    def process_revision_directives(context, revision, directives):
        if getattr(config.cmd_opts, 'autogenerate', False):
            script = directives[0]
            if script.upgrade_ops.is_empty():
                directives[:] = []
                logger.info('No changes in schema detected.')

    conf_args = current_app.extensions['migrate'].configure_args
    if conf_args.get("process_revision_directives") is None:
        conf_args["process_revision_directives"] = process_revision_directives

    connectable = get_engine()

    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=get_metadata(), **conf_args)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"""


def test_flask_migrate(tmp_path: Path) -> None:
    """`configure_args` come from `Migrate(app, db, ...)`: nobody can tell here."""
    assert shape(facts(tmp_path, FLASK)) == (None, False, {})
    given = FLASK.replace("**conf_args", "transaction_per_migration=True, **conf_args")
    assert shape(facts(tmp_path, given)) == (True, False, {})


def test_flask_with_the_database_of_the_project(tmp_path: Path) -> None:
    env = FLASK.replace("target_db = current_app.extensions['migrate'].db", "from app.extensions import db as target_db")
    app = f"""
    from flask_sqlalchemy import SQLAlchemy
    from sqlalchemy import MetaData
    names = {NAMES!r}
    db = SQLAlchemy(metadata=MetaData(naming_convention=names))
    """
    assert facts(tmp_path, env, {"app/__init__.py": "", "app/extensions.py": app}).naming_convention == NAMES


PYLONS = """
from alembic import context
from paste.deploy import loadapp
from logging.config import fileConfig
from sqlalchemy.engine.base import Engine

try:
    from pylons import config as pylons_config
    pylons_config['__file__']
except:
    config = context.config
    config_file = config.get_main_option('pylons_config_file')
    fileConfig(config_file)
    wsgi_app = loadapp('config:%s' % config_file, relative_to='.')

meta = __import__("%s.model.meta" % wsgi_app.config['pylons.package']).model.meta
target_metadata = None


def run_migrations_offline():
    context.configure(url=meta.engine.url, target_metadata=target_metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    with meta.engine.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"""


def test_pylons(tmp_path: Path) -> None:
    assert shape(facts(tmp_path, PYLONS)) == (False, False, {})


# ------------------------------------------------------------------------------------------- transaction_per_migration

ONLINE = """
from alembic import context
from sqlalchemy import engine_from_config
{}

def run(connection, **more):
    context.configure(connection=connection, {})
    with context.begin_transaction():
        context.run_migrations()

with engine_from_config(config.get_section("alembic")).connect() as connection:
    run(connection{})
"""


@pytest.mark.parametrize(
    ("before", "arguments", "passed", "expected"),
    [
        ("", "", "", False),
        ("", "transaction_per_migration=True", "", True),
        ("", "transaction_per_migration=False", "", False),
        ("", "transaction_per_migration=None", "", False),
        ("PER = True", "transaction_per_migration=PER", "", True),
        ("PER = not False", "transaction_per_migration=PER", "", True),
        ("import os\nPER = os.environ.get('PER')", "transaction_per_migration=PER", "", None),
        ("import os\nPER = bool(os.environ.get('PER'))", "transaction_per_migration=PER", "", None),
        ("OPTIONS = {'transaction_per_migration': True}", "**OPTIONS", "", True),
        ("OPTIONS = dict(transaction_per_migration=True)\nOPTIONS['compare_type'] = True", "**OPTIONS", "", True),
        ("OPTIONS = {'compare_type': True}", "**OPTIONS", "", False),
        ("from settings import OPTIONS", "**OPTIONS", "", None),
        ("from settings import OPTIONS", "**OPTIONS, transaction_per_migration=True", "", True),
        ("", "**more", "", False),
        ("", "**more", ", transaction_per_migration=True", True),
        ("", "**{'transaction_per_migration': True, **more}", ", compare_type=True", True),
    ],
)
def test_transaction_per_migration(tmp_path: Path, before: str, arguments: str, passed: str, expected: bool | None) -> None:
    assert facts(tmp_path, ONLINE.format(before, arguments, passed)).transaction_per_migration is expected


def test_the_offline_mode_says_nothing_of_the_online_one(tmp_path: Path) -> None:
    env = "from alembic import context\ncontext.configure(url='postgresql://x/y', transaction_per_migration=True)\n"
    assert facts(tmp_path, env).transaction_per_migration is True
    assert facts(tmp_path, env + "context.configure(connection=connection)").transaction_per_migration is False


def test_a_helper_of_the_project_configures(tmp_path: Path) -> None:
    helper = """
    from alembic import context
    from sqlalchemy import create_engine

    def run(url, metadata, **options):
        with create_engine(url).connect() as connection:
            context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True, **options)
            with context.begin_transaction():
                context.run_migrations()
    """
    env = f"""
    from alembic import context
    from sqlalchemy import MetaData
    from database.migrating import run

    run("mysql+pymysql://x/y", MetaData(naming_convention={NAMES!r}), compare_type=True)
    """
    found = facts(tmp_path, env, {"database/migrating.py": helper})
    assert shape(found) == (True, True, NAMES)
    assert str(tmp_path / "database/migrating.py") in found.read


def test_an_environment_that_cannot_be_followed(tmp_path: Path) -> None:
    for env in (
        "",
        "from elsewhere import run_migrations\nrun_migrations()",
        "def broken(:\n    context.configure(",
        "while True:\n    pass",
    ):
        assert shape(facts(tmp_path, env)) == (False, False, {})


def test_both_ways_of_an_if_count(tmp_path: Path) -> None:
    env = """
    from alembic import context
    def online(connection):
        context.configure(connection=connection, transaction_per_migration=True)
    async def run_async():
        async with engine.connect() as connection:
            await connection.run_sync(online)
    if context.is_offline_mode():
        context.configure(url="postgresql://x/y")
    else:
        import asyncio
        connectable = context.config.attributes.get("connection", None)
        if connectable is None:
            asyncio.run(run_async())
        else:
            online(connectable)
    """
    assert facts(tmp_path, env).transaction_per_migration is True
    for way in (
        "loop.run_until_complete(run_async())",
        "anyio.run(run_async)",
        "asyncio.get_event_loop().create_task(run_async())",
    ):
        assert facts(tmp_path, env.replace("asyncio.run(run_async())", way)).transaction_per_migration is True
    called = env.replace("connection.run_sync(online)", "connection.run_sync(lambda c: online(c))")
    assert facts(tmp_path, called).transaction_per_migration is True


# ----------------------------------------------------------------------------------------------------- naming convention

METADATA = (
    "from alembic import context\nfrom sqlalchemy import MetaData\n{}\ncontext.configure(connection=c, target_metadata={})\n"
)
GIVEN = f"MetaData(naming_convention={NAMES!r})"
MODELS = {
    "inline": f"metadata = {GIVEN}",
    "named": f"NAMES = {NAMES!r}\nmetadata = MetaData(naming_convention=NAMES)",
    "with a schema": f"metadata = MetaData('s', naming_convention={NAMES!r})",
    "changed afterwards": f"metadata = MetaData()\nmetadata.naming_convention = {NAMES!r}",
    "a base class": f"class Base(DeclarativeBase):\n    metadata = {GIVEN}\nmetadata = Base.metadata",
    "a base of a base": (
        f"class Root(DeclarativeBase):\n    metadata = {GIVEN}\n\n\n"
        "class Base(Root):\n    __abstract__ = True\nmetadata = Base.metadata"
    ),
    "declarative_base": f"Base = declarative_base(metadata={GIVEN})\nmetadata = Base.metadata",
    "declarative_base of a class": (
        f"class Root:\n    metadata = {GIVEN}\nBase = declarative_base(cls=Root)\nmetadata = Base.metadata"
    ),
    "registry": f"mapper = registry(metadata={GIVEN})\nmetadata = mapper.metadata",
    "registry's base": (f"mapper = registry(metadata={GIVEN})\nBase = mapper.generate_base()\nmetadata = Base.metadata"),
    "a base with a registry": (
        f"class Base(DeclarativeBase):\n    registry = registry(metadata={GIVEN})\nmetadata = Base.metadata"
    ),
    "flask": f"db = SQLAlchemy(metadata={GIVEN})\nmetadata = db.metadata",
    "flask's model": f"db = SQLAlchemy(app, metadata={GIVEN})\nmetadata = db.Model.metadata",
    "flask's base": (
        f"class Base(DeclarativeBase):\n    metadata = {GIVEN}\ndb = SQLAlchemy(model_class=Base)\nmetadata = db.metadata"
    ),
    "sqlmodel": f"SQLModel.metadata.naming_convention = {NAMES!r}\nmetadata = SQLModel.metadata",
    "a list": f"metadata = [{GIVEN}, MetaData()]",
    "a function": f"def make():\n    return {GIVEN}\nmetadata = make()",
    "updated": f"NAMES = {{}}\nNAMES.update({NAMES!r})\nmetadata = MetaData(naming_convention=NAMES)",
}
HEADER = (
    "from sqlalchemy import MetaData\nfrom sqlalchemy.orm import DeclarativeBase, declarative_base, registry\n"
    "from flask_sqlalchemy import SQLAlchemy\nfrom sqlmodel import SQLModel\n"
)


@pytest.mark.parametrize("model", MODELS)
def test_naming_conventions(tmp_path: Path, model: str) -> None:
    text = HEADER + MODELS[model]
    assert facts(tmp_path, METADATA.format(text, "metadata")).naming_convention == NAMES
    files = {"app/__init__.py": "", "app/models.py": text, "app/db/__init__.py": "from ..models import metadata as target"}
    assert facts(tmp_path, METADATA.format("from app.models import metadata", "metadata"), files).naming_convention == NAMES
    assert facts(tmp_path, METADATA.format("import app.models", "app.models.metadata"), files).naming_convention == NAMES
    assert facts(tmp_path, METADATA.format("from app.db import target", "target"), files).naming_convention == NAMES


def test_a_convention_of_functions(tmp_path: Path) -> None:
    text = "def name(constraint, table):\n    return 'x'\nNAMES = {'token': name, 'uq': 'uq_%(token)s', 'ix': make()}\n"
    found = facts(tmp_path, METADATA.format(text, "MetaData(naming_convention=NAMES)")).naming_convention
    assert found["uq"] == "uq_%(token)s"
    assert "ix" in found
    assert "%(" in found["ix"]


def test_no_convention(tmp_path: Path) -> None:
    for text, target in [("", "None"), ("metadata = MetaData()", "metadata"), ("", "unknown.metadata"), ("", "Unknown()")]:
        assert facts(tmp_path, METADATA.format(text, target)).naming_convention == {}


def test_a_convention_that_is_not_known(tmp_path: Path) -> None:
    """It is not taken for none: the names of what has none are not known."""
    for given in ("x", "{**x, 'pk': 'p'}", "dict(x)"):
        found = facts(tmp_path, METADATA.format("", f"MetaData(naming_convention={given})")).naming_convention
        assert found["uq"] == "%(not_known)s"
        assert found["pk"] in ("%(not_known)s", "p")


# ------------------------------------------------------------------------------------------------------------------ URLs


@pytest.mark.parametrize(
    ("url", "others"),
    [
        ("postgresql://x/y", False),
        ("postgresql+psycopg2://x/y", False),
        ("postgres://x/y", False),
        ("postgresql+asyncpg://x/y", False),
        ("cockroachdb://x/y", True),
        ("mysql+pymysql://x/y", True),
        ("sqlite:///x.db", True),
        ("driver://user:pass@localhost/dbname", False),
        ("%(DB)s", False),
        ("", False),
        (None, False),
    ],
)
def test_urls_of_the_ini(tmp_path: Path, url: str | None, others: bool) -> None:
    for template in ("generic", "async"):
        assert facts(tmp_path, (TEMPLATES / template / "env.py").read_text(), url=url).others is others


@pytest.mark.parametrize(
    ("code", "others"),
    [
        ("config.set_main_option('sqlalchemy.url', 'mysql://x/y')", True),
        ("config.set_main_option('sqlalchemy.url', 'postgresql://x/y')", False),
        ("config.set_main_option('sqlalchemy.url', f'mysql://{user}@x/y')", True),
        ("config.set_main_option('sqlalchemy.url', os.environ['URL'])", False),
        ("config.set_main_option('sqlalchemy.url', os.environ.get('URL', 'sqlite:///x'))", False),
        ("from app.settings import URL\nconfig.set_main_option('sqlalchemy.url', URL)", True),
        ("from app import settings\nconfig.set_main_option('sqlalchemy.url', str(settings.get()))", True),
    ],
)
def test_urls_of_env(tmp_path: Path, code: str, others: bool) -> None:
    files = {"app/__init__.py": "", "app/settings.py": "URL = 'mysql+aiomysql://x/y'\ndef get():\n    return URL"}
    text = (TEMPLATES / "generic/env.py").read_text()
    text = text.replace("target_metadata = None", f"target_metadata = None\nimport os\n{code}")
    assert facts(tmp_path, text, files, url="sqlite:///ini").others is others


def test_several_databases(tmp_path: Path) -> None:
    env = "from alembic import context\nfor url in {}:\n    context.configure(url=url)\n"
    assert facts(tmp_path, env.format(["mysql://x", "sqlite://"])).others is True
    assert facts(tmp_path, env.format(["mysql://x", "postgresql://"])).others is False
    assert facts(tmp_path, env.format(["mysql://x", "who://knows"])).others is False


def test_dialect_name(tmp_path: Path) -> None:
    env = "from alembic import context\ncontext.configure(dialect_name={}, url='mysql://x')\n"
    assert facts(tmp_path, env.format("'mysql'")).others is True
    assert facts(tmp_path, env.format("'postgresql'")).others is False
    assert facts(tmp_path, env.format("unknown()")).others is False


@pytest.mark.parametrize(
    "statement",
    [
        "connection.execute(text(\"SET lock_timeout = '2s'\"))",
        "connection.exec_driver_sql('SET LOCAL lock_timeout TO 2s;')",
        "connection.execute(sa.text('set session lock_timeout=2s'))",
        "connection.execute('SET statement_timeout = 1; SET lock_timeout = 2s')",
    ],
)
def test_lock_timeout(tmp_path: Path, statement: str) -> None:
    assert facts(tmp_path, ONLINE.format("", "", "") + f"\n    {statement}\n").lock_timeout == "2s"


# --------------------------------------------------------------------------------------------------------------- options


def options(text: str) -> list[Options]:
    """What an alembic.ini says, without its main options."""
    return [replace(one, main=None) for one in read_ini("/p/alembic.ini", inspect.cleandoc(text).encode())]


def test_the_ini_of_alembic() -> None:
    text = (TEMPLATES / "generic/alembic.ini.mako").read_text().replace("${script_location}", "%(here)s/db")
    read = read_ini("/p/alembic.ini", text.encode())
    assert [replace(one, main=None) for one in read] == [Options("/p/db", (), "driver://user:pass@localhost/dbname")]
    assert read[0].main is not None
    assert read[0].main["prepend_sys_path"] == "."


@pytest.mark.parametrize(
    ("location", "folder"),
    [
        ("alembic", "/p/alembic"),
        ("./alembic/", "/p/alembic"),
        ("%(here)s/a/../alembic", "/p/alembic"),
        ("/elsewhere/alembic", "/elsewhere/alembic"),
        ("app:migrations", "/p/app/migrations"),
        ("app.db:migrations/inner", "/p/app/db/migrations/inner"),
        ("../shared", "/shared"),
    ],
)
def test_script_location(location: str, folder: str) -> None:
    assert options(f"[alembic]\nscript_location = {location}") == [Options(folder)]


@pytest.mark.parametrize(
    ("lines", "folders"),
    [
        ("version_locations = one two", ("one", "two")),
        ("version_locations = one, two", ("one", "two")),
        ("version_locations = %(here)s/one %(here)s/sub/two", ("one", "sub/two")),
        ("version_locations = app:one", ("app/one",)),
        ("version_locations = one:two\nversion_path_separator = :", ("one", "two")),
        ("version_locations = one;two\nversion_path_separator = ;", ("one", "two")),
        ("version_locations = one:two\nversion_path_separator = os", ("one", "two")),
        ("version_locations = one:two\npath_separator = os", ("one", "two")),
        ("version_locations = one two\nversion_path_separator = space", ("one", "two")),
        ("version_locations =\n    one\n    with space/two\npath_separator = newline", ("one", "with space/two")),
        ("# version_locations = one", ()),
    ],
)
def test_version_locations(lines: str, folders: tuple[str, ...]) -> None:
    [found] = options(f"[alembic]\nscript_location = m\n{lines}")
    assert found.versions == tuple(f"/p/{folder}" for folder in folders)


def test_several_sections() -> None:
    text = """
    [DEFAULT]
    sqlalchemy.url = postgresql://x/default
    [alembic]
    script_location = one
    [other]
    script_location = two
    sqlalchemy.url = mysql://x/y
    [loggers]
    keys = root
    """
    assert options(text) == [Options("/p/one", (), "postgresql://x/default"), Options("/p/two", (), "mysql://x/y")]


def test_the_names_of_revisions() -> None:
    text = "[alembic]\nscript_location = m\nfile_template = %%(year)d_%%(rev)s_%%(slug)s\ntruncate_slug_length = 60"
    assert options(text) == [Options("/p/m", file_template="%(year)d_%(rev)s_%(slug)s", longest_slug=60)]
    assert options("[alembic]\nscript_location = m\ntruncate_slug_length = many") == [Options("/p/m")]


def test_the_ini_of_flask_migrate_lies_in_its_environment() -> None:
    assert options("[alembic]\nfile_template = %%(rev)s") == [Options("/p", file_template="%(rev)s")]


def test_an_ini_that_refers_to_itself() -> None:
    text = "[alembic]\nroot = %(here)s/db\nscript_location = %(root)s/alembic\nsqlalchemy.url = %(MISSING)s://x"
    assert options(text) == [Options("/p/db/alembic", (), "%(MISSING)s://x")]


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"[alembic", b"script_location = x", b"[alembic]\nscript_location\n", b"[a]\n[a]\nx=1\nx=2"]
)
def test_a_broken_ini(data: bytes) -> None:
    assert read_ini("/p/alembic.ini", data) == []


def test_pyproject() -> None:
    text = """
    [tool.alembic]
    script_location = "%(here)s/db"
    version_locations = ["%(here)s/one", "app:two"]
    """
    assert read_pyproject("/p/pyproject.toml", inspect.cleandoc(text).encode()) == [Options("/p/db", ("/p/one", "/p/app/two"))]
    text = """
    [tool.alembic]
    script_location = "db"
    file_template = "%%(epoch)s_%%(slug)s"
    truncate_slug_length = 20
    """
    [named] = read_pyproject("/p/pyproject.toml", inspect.cleandoc(text).encode())
    assert named == Options("/p/db", file_template="%(epoch)s_%(slug)s", longest_slug=20)
    for broken in (b"", b"[tool", b"tool = 1", b"[tool.alembic]\nscript_location = 1", b"[tool]\nalembic = []", b"\xff"):
        assert read_pyproject("/p/pyproject.toml", broken) == []
