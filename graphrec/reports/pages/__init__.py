"""Pages: HTML that stands alone, made of tables, words and charts.

They need the extra `reports`; importing one without it raises `MissingExtraError`.
"""

from graphrec.spark.extras import REPORTS, require_extras

require_extras("HTML pages", REPORTS)
