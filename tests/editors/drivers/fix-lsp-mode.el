;;; fix-lsp-mode.el --- waits for the finding, applies its fix, saves  -*- lexical-binding: t -*-

(require 'package)
(package-initialize)
(require 'lsp-mode)

(setq lsp-auto-guess-root t
      lsp-enable-file-watchers nil
      lsp-keep-workspace-alive nil
      lsp-idle-delay 0.1
      lsp-response-timeout 60
      lsp-diagnostics-provider :none
      lsp-session-file (expand-file-name "lsp-session" "~")
      create-lockfiles nil
      make-backup-files nil)

(defun drive-await (what function)
  "Wait until FUNCTION gives something, which is WHAT."
  (let ((deadline (+ (float-time) 60)) value)
    (while (and (not (setq value (funcall function))) (< (float-time) deadline))
      (accept-process-output nil 0.05))
    (or value (error "Gave up waiting for %s" what))))

(defun drive-findings ()
  "The findings of the file."
  (append (gethash (lsp--fix-path-casing buffer-file-name) (lsp-diagnostics t)) nil))

(condition-case problem
    (progn
      (find-file (pop command-line-args-left))
      (set-window-buffer (selected-window) (current-buffer))
      (unless (bound-and-true-p lsp-mode) (lsp))
      (drive-await "the server" (lambda () (lsp-workspaces)))
      (let* ((findings (drive-await "a finding" #'drive-findings))
             (finding (car findings)))
        (message "%s" (lsp:diagnostic-message finding))
        (unless (and (null (cdr findings)) (equal (getenv "SQLA_LSP_RULE") (lsp:diagnostic-code? finding)))
          (error "Unexpected findings: %S" (mapcar #'lsp:diagnostic-message findings)))
        (goto-char (lsp--position-to-point (lsp:range-start (lsp:diagnostic-range finding))))
        (let* ((actions (append (lsp-code-actions-at-point) nil))
               (titles (mapcar #'lsp:code-action-title actions))
               (fix (seq-find (lambda (action) (equal (lsp:code-action-title action) (getenv "SQLA_LSP_FIX"))) actions)))
          (unless fix (error "The fix is not offered; there are %S" titles))
          (lsp-execute-code-action fix)
          (save-buffer)))
      (kill-emacs 0))
  (error (message "FAILED: %S" problem) (kill-emacs 1)))
;;; fix-lsp-mode.el ends here
