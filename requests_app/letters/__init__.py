"""What goes on paper: typed papers in, PDF bytes out. Plain Python, no Django, no database, no clock.

- `reply_text` drafts the wording of a reply letter and reads it back after staff have edited it.
- `papers` holds the papers as frozen dataclasses: `ReplyLetter` (surat balasan), `Receipt` (tanda terima),
  `MonitoringReport` (laporan pemantauan SOP).
- `render` typesets a paper's data with the template of the same name (`reply.typ`, `receipt.typ`,
  `monitoring.typ`).
- `dates` writes dates and times as they stand on paper, in both languages.

The layout follows Permendikbud 3/2021, example 8b. A paper never carries a secret, nor the telephone number or
e-mail address of the responsible person: no dataclass here has a field for them.
"""
