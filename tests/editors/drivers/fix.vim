" Waits for the finding, asks for its actions (the terminal answers), saves when the fix has been made, and notes what happened.
" Nothing here waits in a loop: ALE asks its question when Vim is idle.
let s:state = 'waiting for a finding'
let s:deadline = localtime() + 50

function! s:Say(text) abort
    call writefile([a:text], $SQLA_LSP_SAID, 'a')
endfunction

function! s:End(text) abort
    call s:Say(a:text)
    call timer_stop(s:timer)
    ALEStopAllLSPs
    qall!
endfunction

function! s:Findings() abort
    return get(get(g:ale_buffer_info, bufnr(''), {}), 'loclist', [])
endfunction

function! s:Ask() abort
    let l:finding = s:Findings()[0]
    call s:Say(printf('%d:%d [%s] %s', l:finding.lnum, l:finding.col, get(l:finding, 'code', ''), l:finding.text))

    if len(s:Findings()) != 1 || get(l:finding, 'code', '') isnot# $SQLA_LSP_RULE
        throw 'unexpected findings: ' . string(s:Findings())
    endif

    let s:before = getline(1, '$')
    call cursor(l:finding.lnum, l:finding.col)
    ALECodeAction
endfunction

function! s:Step(timer) abort
    try
        if localtime() > s:deadline
            throw 'gave up ' . s:state
        elseif s:state is# 'waiting for a finding' && !empty(s:Findings())
            let s:state = 'waiting for the fix'
            call s:Ask()
        elseif s:state is# 'waiting for the fix' && getline(1, '$') != s:before
            silent write
            let s:state = 'waiting for the finding to go'
        elseif s:state is# 'waiting for the finding to go' && empty(s:Findings())
            call s:End('SAVED')
        endif
    catch
        call s:End('FAILED: ' . v:exception . ' ' . v:throwpoint)
    endtry
endfunction

let s:timer = timer_start(100, function('s:Step'), {'repeat': -1})
