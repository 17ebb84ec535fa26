"""D-Bus: media keys and players' controls (MPRIS), desktop notifications, holding off the screen saver.

`desktop_bus` joins the parts; `hangd.client.daemon` makes it. Only this folder uses dbus-fast, which may be missing.
Nothing here decides anything of the film: it carries out commands and reads properties, as a control client does.
"""
