-- Waits for the finding in the buffer and saves: the rest is done by the configuration. A save never waits for a server that has not
-- read the project yet: then it is the next one that applies the fix.
local found = vim.wait(60000, function()
  return #vim.diagnostic.get(0) > 0
end, 20)
if not found then
  io.stderr:write('FAILED: gave up waiting for a finding\n')
  vim.cmd('cquit 1')
end
vim.wait(30000, function()
  local before = vim.api.nvim_buf_get_lines(0, 0, -1, false)
  vim.cmd('silent write')
  return not vim.deep_equal(before, vim.api.nvim_buf_get_lines(0, 0, -1, false))
end, 500)
vim.cmd('qall!')
