"""Past-time signal temporal logic with robustness values, over a run and the plan continuing it.

A formula is evaluated at samples; between samples everything holds its last value. On samples of
one period, with bounds that are multiples of it, this is the discrete-time semantics of rtamt
(github.com/nickovic/rtamt); bounds between two samples count as the later one's of both, in age.
Robustness: Donze and Maler, "Robust satisfaction of temporal logic over real-valued signals",
2010; Fainekos and Pappas, "Robustness of temporal logic specifications for continuous-time
signals", 2009.
"""
