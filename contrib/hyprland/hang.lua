-- hang in Hyprland from 0.55 on, whose configuration is hyprland.lua.  docs/contrib.md
--
-- Copy this file to ~/.config/hypr/hang.lua, and write into ~/.config/hypr/hyprland.lua:
--   require("hang")
-- If hangctl is in ~/.local/bin and the keys do nothing, write ~/.local/bin/hangctl instead of hangctl.

-- Media keys, of the keyboard and of headsets; also while the screen is locked. In a room they are for everyone.
hl.bind("XF86AudioPlay", hl.dsp.exec_cmd("hangctl toggle"), { locked = true })
hl.bind("XF86AudioPause", hl.dsp.exec_cmd("hangctl pause"), { locked = true })
-- Headsets send Stop when they are taken off or switched off, so it only pauses.
hl.bind("XF86AudioStop", hl.dsp.exec_cmd("hangctl pause"), { locked = true })
hl.bind("XF86AudioPrev", hl.dsp.exec_cmd("hangctl seek -10"), { locked = true })
hl.bind("XF86AudioNext", hl.dsp.exec_cmd("hangctl seek +10"), { locked = true })
hl.bind("SHIFT + XF86AudioPrev", hl.dsp.exec_cmd("hangctl previous"), { locked = true })
hl.bind("SHIFT + XF86AudioNext", hl.dsp.exec_cmd("hangctl next"), { locked = true })
-- With Shift, the volume keys are for the film on this machine only.
hl.bind("SHIFT + XF86AudioRaiseVolume", hl.dsp.exec_cmd("hangctl volume +5"), { locked = true })
hl.bind("SHIFT + XF86AudioLowerVolume", hl.dsp.exec_cmd("hangctl volume -5"), { locked = true })

-- The film's window, which is one of Xwayland: the screen stays on while it has the focus.
hl.window_rule({ match = { class = "hang" }, idle_inhibit = "focus" })

-- The film's window on a workspace of its own, which the key shows and hides.
--hl.window_rule({ match = { class = "hang" }, workspace = "special:hang" })
--hl.bind("SUPER + F11", hl.dsp.workspace.toggle_special("hang"))

-- Tell systemd the display, and start what belongs to a desktop, also hangd.service if it is enabled (docs/contrib.md says
-- how). It is stopped when Hyprland exits. Not needed if uwsm starts Hyprland.
--hl.on("hyprland.start", function()
--  hl.exec_cmd("systemctl --user import-environment DISPLAY WAYLAND_DISPLAY XDG_CURRENT_DESKTOP && systemctl --user start hang-session.target")
--end)
--hl.on("hyprland.shutdown", function()
--  os.execute("systemctl --user stop hang-session.target")
--end)
