"""What series of numbers add to commands: one option of `sample`."""

from lstmgen.options import Option

TRAIN_OPTIONS = ()
SAMPLE_OPTIONS = (Option(name="at_most", flags="--at-most", type=int, help="Draw no number above this."),)
SCORE_OPTIONS = ()
