-- Looks at what is shown of a migration: the hover over its operation, the lens above its function, the SQL behind that, and the hint
-- behind the operation. Ends with 1 where anything is not as expected.
local buffer = vim.api.nvim_get_current_buf()

vim.treesitter.start = function() end -- colours in the hover, for which an editor that is unpacked has no parser

local function await(what, get)
  local value
  if not vim.wait(60000, function()
    value = get()
    return value
  end, 20) then
    error('gave up waiting for ' .. what)
  end
  return value
end

local function text_of(shown)
  return table.concat(vim.api.nvim_buf_get_lines(shown, 0, -1, false), '\n')
end

local function drive()
  local finding = await('a finding', function()
    return vim.diagnostic.get(buffer)[1]
  end)
  vim.api.nvim_win_set_cursor(0, { finding.lnum + 1, finding.col })

  vim.lsp.buf.hover()
  print(await('the hover', function()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      local text = text_of(vim.api.nvim_win_get_buf(window))
      if vim.api.nvim_win_get_config(window).relative ~= '' and text:find('CREATE INDEX', 1, true) then
        return text:find('SHARE on shoes', 1, true) and text
      end
    end
  end) .. '\n')

  local hint = await('a hint', function()
    return vim.lsp.inlay_hint.get({ bufnr = buffer })[1]
  end)
  assert(hint.inlay_hint.position.line == finding.lnum and hint.inlay_hint.label:find('SHARE'), vim.inspect(hint))
  print('hint: ' .. hint.inlay_hint.label .. '\n')

  local lens = await('a lens', function()
    for _, got in ipairs(vim.lsp.codelens.get(vim.lsp.codelens.enable and { bufnr = buffer } or buffer)) do
      local found = got.lens or got
      if found.command and found.command.title:find('SHARE on shoes', 1, true) then
        return found
      end
    end
  end)
  print('lens: ' .. lens.command.title .. '\n')
  vim.api.nvim_win_set_cursor(0, { lens.range.start.line + 1, lens.range.start.character })
  vim.ui.select = function(lenses, _, choose)
    choose(lenses[1], 1)
  end
  vim.lsp.codelens.run()
  local script = await('the SQL', function()
    local shown = vim.api.nvim_get_current_buf()
    return vim.api.nvim_buf_get_name(shown):find('%.upgrade%.sql$') and shown
  end)
  assert(text_of(script):find('CREATE INDEX', 1, true), text_of(script))
  print(text_of(script))
end

local done, problem = pcall(drive)
if not done then
  io.stderr:write('FAILED: ' .. tostring(problem) .. '\n')
  vim.cmd('cquit 1')
end
vim.cmd('qall!')
