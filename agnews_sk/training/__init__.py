"""Train a torch module over rows of token ids: a skorch net with its own loop."""

from agnews_sk._core.public import publish
from agnews_sk.training._callback_rules import check_callbacks, deciding_callbacks
from agnews_sk.training._callbacks import ScikitLearnCallbacks
from agnews_sk.training._checkpoint import Checkpoint
from agnews_sk.training._depth import LayerStack, find_layers, parameter_depths
from agnews_sk.training._fewer_layers import kept_layers, with_fewer_layers
from agnews_sk.training._hardware import explain_out_of_memory
from agnews_sk.training._holding_out import hold_out, split_off
from agnews_sk.training._lora import add_lora
from agnews_sk.training._make_net import MIN_EPOCHS, make_net
from agnews_sk.training._net import TextNet
from agnews_sk.training._net_params import check_net_params
from agnews_sk.training._pairs import check_pairs
from agnews_sk.training._parameter_groups import parameter_groups
from agnews_sk.training._pretraining import pretrain_encoder
from agnews_sk.training._rows import TextRows
from agnews_sk.training._schedules import (
    ConstantSchedule,
    CosineSchedule,
    LinearSchedule,
    make_schedule,
)
from agnews_sk.training._settings import TrainingSettings
from agnews_sk.training._shared_gradients import check_devices
from agnews_sk.training._weighing import (
    factors_of_rows,
    rows_with_weight,
    weigh_rows,
    with_mean_weight_one,
)

__all__ = [
    "MIN_EPOCHS",
    "Checkpoint",
    "ConstantSchedule",
    "CosineSchedule",
    "LayerStack",
    "LinearSchedule",
    "ScikitLearnCallbacks",
    "TextNet",
    "TextRows",
    "TrainingSettings",
    "add_lora",
    "check_callbacks",
    "check_devices",
    "check_net_params",
    "check_pairs",
    "deciding_callbacks",
    "explain_out_of_memory",
    "factors_of_rows",
    "find_layers",
    "hold_out",
    "kept_layers",
    "make_net",
    "make_schedule",
    "parameter_depths",
    "parameter_groups",
    "pretrain_encoder",
    "rows_with_weight",
    "split_off",
    "weigh_rows",
    "with_fewer_layers",
    "with_mean_weight_one",
]

publish(__name__)
