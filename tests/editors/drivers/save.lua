-- Waits for the finding in the buffer and saves: the rest is done by the configuration.
local found = vim.wait(60000, function()
  return #vim.diagnostic.get(0) > 0
end, 20)
if not found then
  io.stderr:write('FAILED: gave up waiting for a finding\n')
  vim.cmd('cquit 1')
end
vim.cmd('silent write')
vim.cmd('qall!')
