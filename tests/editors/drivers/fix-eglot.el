;;; fix-eglot.el --- waits for the finding, applies its fix, saves  -*- lexical-binding: t -*-

(require 'eglot)
(require 'flymake)

(setq eglot-autoshutdown t
      eglot-sync-connect 60
      eglot-connect-timeout 60
      eglot-send-changes-idle-time 0.1
      eglot-confirm-server-initiated-edits nil
      eglot-confirm-server-edits nil
      enable-local-variables :all
      create-lockfiles nil
      make-backup-files nil)

(defun drive-await (what function)
  "Wait until FUNCTION gives something, which is WHAT."
  (let ((deadline (+ (float-time) 60)) value)
    (while (and (not (setq value (funcall function))) (< (float-time) deadline))
      (accept-process-output nil 0.05))
    (or value (error "Gave up waiting for %s" what))))

(defun drive-findings ()
  "The findings in the buffer."
  (flymake-start nil)
  (flymake-diagnostics))

(condition-case problem
    (progn
      (find-file (pop command-line-args-left))
      (set-window-buffer (selected-window) (current-buffer))
      (unless (eglot-managed-p)
        (apply #'eglot (eglot--guess-contact)))
      (drive-await "the server" #'eglot-managed-p)
      (let* ((findings (drive-await "a finding" #'drive-findings))
             (finding (car findings))
             (begin (flymake-diagnostic-beg finding))
             (end (flymake-diagnostic-end finding))
             (actions (append (eglot-code-actions begin end "quickfix") nil))
             (titles (mapcar (lambda (action) (plist-get action :title)) actions))
             (fix (seq-find (lambda (action) (equal (plist-get action :title) (getenv "SQLA_LSP_FIX"))) actions)))
        (message "%d:%d %s" (line-number-at-pos begin) (- begin (line-beginning-position)) (flymake-diagnostic-text finding))
        (unless (and (null (cdr findings)) (string-match-p (getenv "SQLA_LSP_RULE") (flymake-diagnostic-text finding)))
          (error "Unexpected findings: %S" (mapcar #'flymake-diagnostic-text findings)))
        (unless (string-prefix-p "op.create_index(" (buffer-substring begin end))
          (error "The finding is about %S" (buffer-substring begin end)))
        (unless fix (error "The fix is not offered; there are %S" titles))
        (if (fboundp 'eglot-execute)
            (eglot-execute (eglot-current-server) fix)
          (eglot--apply-workspace-edit (plist-get fix :edit)))
        (save-buffer))
      (eglot-shutdown (eglot-current-server))
      (kill-emacs 0))
  (error (message "FAILED: %S" problem) (kill-emacs 1)))
;;; fix-eglot.el ends here
