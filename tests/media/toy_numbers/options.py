"""What series of numbers add to commands: options of `sample` and `infill`."""

from lstmgen.options import Option

TRAIN_OPTIONS = ()
SAMPLE_OPTIONS = (Option(name="at_most", flags="--at-most", type=int, help="Draw no number above this."),)
SCORE_OPTIONS = ()
INFILL_OPTIONS = (Option(name="place", flags="--place", type=int, help="Which number to write anew."),)
HARMONIZE_OPTIONS = ()
