"""A call that plays itself: citizen, operator and department on real telephones, from the ring to the delivered case.

script.py what is said · stage.py a whole hotline of its own · listening.py what the operator's desk is told ·
talk.py the three on the telephone · play.py the acts · result.py what came of it · told.py the terminal
"""
