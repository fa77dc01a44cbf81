"""Whose turn it is with a block: `_native.Claim`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from subprogram import run

from httparallel._native import Claim


def test_the_thread_that_holds_it_may_take_it_again() -> None:
    claim = Claim("taken")
    with ThreadPoolExecutor(1) as other:
        claim.take()
        claim.take()
        claim.release()
        with pytest.raises(RuntimeError, match=r"^taken$"):
            other.submit(claim.take).result()
        claim.release()
        other.submit(claim.take).result()
        with pytest.raises(RuntimeError, match=r"^taken$"):
            claim.take()


def test_only_who_holds_it_can_let_go_of_it() -> None:
    claim = Claim("taken")
    with pytest.raises(RuntimeError, match="another thread holds it, or none"):
        claim.release()
    with ThreadPoolExecutor(1) as other:
        other.submit(claim.take).result()
        with pytest.raises(RuntimeError, match="another thread holds it, or none"):
            claim.release()
        other.submit(claim.release).result()
    claim.take()


def test_a_forked_child_holds_what_its_thread_held() -> None:
    run(
        """
        import os
        from httparallel._native import Claim
        claim = Claim("taken")
        claim.take()
        child = os.fork()
        if child == 0:
            claim.release()
            claim.take()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        claim.release()
        """
    )
