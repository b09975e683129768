" Description: sqla-lsp, a language server for SQLAlchemy and Alembic projects on Postgres

call ale#Set('python_sqla_lsp_executable', 'sqla-lsp')
call ale#Set('python_sqla_lsp_use_global', get(g:, 'ale_use_global_executables', 0))
call ale#Set('python_sqla_lsp_init_options', {})

function! ale_linters#python#sqla_lsp#GetExecutable(buffer) abort
    return ale#python#FindExecutable(a:buffer, 'python_sqla_lsp', ['sqla-lsp'])
endfunction

function! ale_linters#python#sqla_lsp#GetProjectRoot(buffer) abort
    for l:marker in ['.sqla-lsp.toml', 'pyproject.toml', 'alembic.ini']
        let l:file = ale#path#FindNearestFile(a:buffer, l:marker)

        if !empty(l:file)
            return fnamemodify(l:file, ':h')
        endif
    endfor

    return ale#python#FindProjectRoot(a:buffer)
endfunction

call ale#linter#Define('python', {
\   'name': 'sqla_lsp',
\   'lsp': 'stdio',
\   'executable': function('ale_linters#python#sqla_lsp#GetExecutable'),
\   'command': '%e server',
\   'project_root': function('ale_linters#python#sqla_lsp#GetProjectRoot'),
\   'initialization_options': {buffer -> ale#Var(buffer, 'python_sqla_lsp_init_options')},
\})
