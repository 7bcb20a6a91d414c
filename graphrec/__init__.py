"""graphrec: graph-based hybrid recommendations on Spark.

    import graphrec as gr

    spark = gr.spark_session()
    ratings = gr.samples.ratings(spark)
    model = gr.HybridRecommender().fit(ratings)
    model.recommendForAllUsers(10)

Names are loaded when they are first used, so that importing the package costs nothing; which ones
there are stands in `__init__.pyi`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = "0.1.0"
