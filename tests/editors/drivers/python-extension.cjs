// A stand-in for the Python extension: the part of its API that says which environment is chosen.
const vscode = require('vscode');

let chosen = process.env.SQLA_LSP_CHOSEN;

exports.activate = () => {
  const changed = new vscode.EventEmitter();
  return {
    environments: { getActiveEnvironmentPath: () => ({ id: chosen, path: chosen }), onDidChangeActiveEnvironmentPath: changed.event },
    choose: (path) => {
      chosen = path;
      changed.fire({ id: path, path });
    },
  };
};
