"""How fast the Coin Game is: steps of the game alone, and updates of both players, split into what they do.

Each row has a process of its own, on one thread. `MiB` is what that grew by at its peak; on a GPU, what it allocated.
"""

import resource
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context

import torch

from lola.bench.timing import REST, Laps, pace, spread, updates
from lola.learning import trainers
from lola.learning.coins import estimators
from lola.learning.coins.estimators import Scored
from lola.learning.coins.game import MOVES, CoinGame
from lola.learning.coins.job import CoinJob
from lola.learning.coins.rollouts import play
from lola.study import plan

PLAY, FIRST, SECOND, CRITIC = "play", "first derivatives", "second derivatives", "critic"
FUNCTIONS = (  # a class or module, the name of its function, and the part that its time counts as
    (Scored, "__init__", FIRST),
    (Scored, "gradient", FIRST),
    (Scored, "hessian_product", SECOND),
    (estimators, "baselines", CRITIC),
    (estimators, "critic_gradients", CRITIC),
)
UPDATES = (  # algorithm, encoder, and batches of roll-outs: what is played, and what each player imagines
    ("coin-lola-pg", "linear", 1),
    ("coin-lola-pg", "convolutional", 1),
    ("coin-lola-dice", "linear", 3),
)
SCALES = ((128, 16, 1), (128, 16, 8), (128, 150, 1))  # roll-outs in a batch, their length, seeds
PAPER = (4000, 150, 1)  # this one is measured on a GPU alone
REPEATS = 11


def coin_game(config: dict) -> Iterator[dict]:
    """The game at two batches, then every update at every scale, on the processor and on a GPU if there is one."""
    groups, devices = plan.groups(config), ["cpu", "cuda"][: 1 + torch.cuda.is_available()]
    # Forked from a server, since a program that is started anew inherits the peak of who started it.
    context = get_context("forkserver")
    with ProcessPoolExecutor(1, context, torch.set_num_threads, (1,), max_tasks_per_child=1) as fresh:
        for device in devices:
            for batch in (SCALES[0][0], PAPER[0]):
                yield fresh.submit(measure_game, device, batch).result()
            for algorithm, encoder, batches in UPDATES:
                spec = groups[f"coin-game/{algorithm}/oracle"].spec
                spec = spec | {"seats": [seat | {"encoder": encoder, "hidden": 32} for seat in spec["seats"]]}
                label = f"{config['algorithms'][algorithm]['label']}, {encoder}"
                for scale in (*SCALES, PAPER) if device == "cuda" else SCALES:
                    yield fresh.submit(measure_update, device, label, spec, batches, *scale).result()


def measure_game(device: str, batch: int, steps: int = 1000) -> dict:
    """The game alone; moves and draws of coins are made beforehand."""
    before, laps = peak(device), Laps(partial(now, device))
    game = CoinGame(grid=3, gamma=0.96).to(device)
    red, blue = torch.randint(len(MOVES), (2, steps, batch), device=device)
    draws = torch.randint(game.choices, (steps, batch), device=device)

    @laps.of(PLAY)
    def play_steps() -> None:
        board = game.start(torch.rand(3, batch, device=device))
        for t in range(steps):
            _, board = game.step(board, red[t], blue[t], draws[t])

    about = {"what": "game alone", "device": device, "roll-outs": batch, "length": steps, "seeds": 1}
    return row(about | {"steps": batch * steps}, laps, play_steps, before)


def measure_update(device: str, label: str, spec: dict, batches: int, batch: int, length: int, seeds: int) -> dict:
    """An update of both players and their critics, who play so many batches of roll-outs for it."""
    every = list(range(seeds))
    job = CoinJob(**trainers.parts(spec, every, device), device=device)
    before, laps = peak(device), Laps(partial(now, device))
    for owner, name, part in FUNCTIONS:
        setattr(owner, name, laps.of(part)(getattr(owner, name)))
    playing = partial(laps.of(PLAY)(play), seeds=every, batch=batch, length=length, networks=job.networks)
    about = {"what": label, "device": device, "roll-outs": batch, "length": length, "seeds": seeds}
    return row(about | {"steps": seeds * batches * batch * length}, laps, updates(replace(job, play=playing)), before)


def row(about: dict, laps: Laps, call: Callable, before: float) -> dict:
    """A row of the table: repeats of a call, after one that does not count; the peak was `before` at first, in MiB."""
    repeats = [laps.during(call) for _ in range(1 + REPEATS)][1:]
    totals = [sum(repeat.values()) for repeat in repeats]
    parts = {
        f"{part} ms": round(1e3 * statistics.median(repeat[part] for repeat in repeats), 2)
        for part in (PLAY, FIRST, SECOND, CRITIC, REST)
    }
    about |= spread("ms", totals) | {"s per seed": round(statistics.median(totals) / about["seeds"], 4)}
    return about | parts | pace(about["steps"], totals) | {"MiB": round(peak(about["device"]) - before)}


def now(device: str) -> float:
    """The time, once the device has done what it still had to do."""
    torch.get_device_module(device).synchronize()
    return time.perf_counter()


def peak(device: str) -> float:
    """MiB that this process has needed at most, or has had allocated on a GPU."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
