# What several stages ask of the study: the files of groups, who shows what, and what goes first.

TABLES_OF_A_GROUP = ("returns", "policies", "beliefs", "failed")
TABLES_OF_A_MAP = ("map", "failed")
TABLES_OF_A_MATCH = (*TABLES_OF_A_GROUP, "shares")
TABLES_OF_A_COIN_GAME = ("returns", "coins", "episodes", "beliefs", "failed")
NOTHING = "(?!)"  # matches no name

# Priorities: what has been trained is gathered and shown at once; logging waits, so that it delays no figure.
LOG, TRAIN = 1, 2
SHOW = TRAIN + len(QUEUE)


def group_tables(group):
    """What is gathered of the cells of a group."""
    own = {"coin_game": TABLES_OF_A_COIN_GAME, "map": TABLES_OF_A_MAP, "match": TABLES_OF_A_MATCH}
    return own.get(group.course, TABLES_OF_A_GROUP)


def group_cells(wildcards):
    """The manifests of the group that the wildcards name; each vouches for its curve."""
    return [str(cell.manifest(ROOT)) for cell in GROUPS[wildcards.group].cells]


def group_files(name):
    """The tables of a group."""
    return [f"{ROOT}/groups/{name}/{table}.csv" for table in group_tables(GROUPS[name])]


def game_groups(game):
    """The groups of a game."""
    return [group for group in GROUPS.values() if group.game == game]


def game_figures(game):
    """The figures that show a game, and the groups in them."""
    shown = {name: block for name, block in config["figures"].items() if game in plan.block_games(block)}
    return {name: plan.block_groups(config, block) for name, block in shown.items()}


def game_results(wildcards):
    """The figures and tables that show a game, and the claims if there are any."""
    figures = [f"{ROOT}/figures/{name}.{ext}" for name in game_figures(wildcards.game) for ext in ("pdf", "png")]
    tables = [name for name, block in config["tables"].items() if wildcards.game in plan.block_games(block)]
    return figures + [
        f"{ROOT}/tables/{name}.{ext}" for name in [*tables, *(["claims"] if CLAIMS else [])] for ext in ("csv", "md")
    ]


def say_what_was_not_logged():
    """Tell the person who ran this, since a store that is down fails no job."""
    for reason in dict.fromkeys(reason for _, reason in store.not_logged(ROOT)):
        logger.warning(
            f"MLflow: not everything was logged: {reason}. The results are safe on disk; the next call logs what is missing."
        )


def start_watcher(root, labels):
    """A process that shows in MLflow what is being trained, until `end`, or until this process is gone."""
    said = Path(root, "logs", "tracking", "watcher.log")
    said.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "lola.commands.watch", "--root", root, "--labels", canonical(labels)]
    with open(said, "w") as log:  # in a process group of its own, since Ctrl-C is for the jobs
        return subprocess.Popen([*command, "--study", str(os.getpid())], stdout=log, stderr=log, process_group=0)


def end(processes):
    """Tell processes to end, and see to it that they do."""
    for process in processes:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
