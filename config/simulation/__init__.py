"""A believable history for demos, screenshots and load: written by the services that real people use.

`play.py` lets simulated time pass, `stories.py` tells what becomes of one letter, `cast.py`
makes those who act in it, `timing.py` says when things happen, `stage.py` holds everything
that is different from life (nobody is written to), and `strike.py` takes all of it away again.
"""
