-- Waits for the finding in the buffer, applies its fix as the user would, saves, and ends with 1 where anything is not as expected.
local wanted, rule = vim.env.SQLA_LSP_FIX, vim.env.SQLA_LSP_RULE
local buffer = vim.api.nvim_get_current_buf()

local function until_true(what, happened)
  if not vim.wait(60000, happened, 20) then
    error('gave up waiting for ' .. what)
  end
end

local function drive()
  until_true('the client', function()
    return #vim.lsp.get_clients({ bufnr = buffer, name = 'sqla_lsp' }) == 1
  end)
  local client = vim.lsp.get_clients({ bufnr = buffer })[1]
  assert(client.config.root_dir == vim.fn.getcwd(), 'the root is ' .. tostring(client.config.root_dir))
  until_true('a finding', function()
    return #vim.diagnostic.get(buffer) > 0
  end)
  local finding = vim.diagnostic.get(buffer)[1]
  assert(#vim.diagnostic.get(buffer) == 1 and finding.source == 'sqla-lsp' and finding.code == rule, vim.inspect(finding))
  print(('%s: %d:%d [%s] %s\n'):format(client.offset_encoding, finding.lnum + 1, finding.col + 1, finding.code, finding.message))
  vim.api.nvim_win_set_cursor(0, { finding.lnum + 1, finding.col })
  local titles = {}
  vim.lsp.buf.code_action({
    filter = function(action)
      table.insert(titles, action.title)
      return action.title == wanted
    end,
    apply = true,
  })
  if not vim.wait(60000, function() return vim.bo[buffer].modified end, 20) then
    error('the fix was not applied; offered was ' .. vim.inspect(titles))
  end
  until_true('the finding to go', function()
    return #vim.diagnostic.get(buffer) == 0
  end)
  vim.cmd('silent write')
end

local done, problem = pcall(drive)
if not done then
  io.stderr:write('FAILED: ' .. tostring(problem) .. '\n')
  vim.cmd('cquit 1')
end
vim.cmd('qall!')
