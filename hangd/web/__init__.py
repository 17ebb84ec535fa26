"""The page for browsers: HTML, ES modules and styles, served by `hangd server` as they are here, without a build step.

`hangd.server` reads them when it starts; nothing else in Python uses them. Their types are JSDoc, checked by
TypeScript; `tests/web` has their tests. docs/web.md describes them.
"""
