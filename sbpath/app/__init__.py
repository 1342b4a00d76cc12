"""A local web page on which numbers are moved and the curve answers: ``sbpath app``.

No science is here: what is typed becomes an experiment (`setting`), its solution an answer (`answers`), both in
jobs that can be stopped (`jobs`), behind a server that listens on this machine only (`server`). Whatever reads what was
typed raises a `FieldError` with the field that is wrong.
"""
