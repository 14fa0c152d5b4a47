import functools
import http.server
import sysconfig
import threading

import pytest

from .programs import MODES, Runner, checker, create_environment


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """The test run's stderr belongs to pytest."""


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    return tmp_path_factory.mktemp("programs").resolve()


@pytest.fixture(scope="session")
def url(base):
    """Serves the trees of the programs over HTTP on the loopback interface."""
    handler = functools.partial(QuietHandler, directory=str(base))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def bare_runner(base, url):
    environment = base / "bare"
    create_environment(environment)
    return Runner(base, environment, url)


@pytest.fixture(scope="session")
def tools_runner(base, url):
    """As `bare_runner`, where the packages of the running interpreter can be imported too."""
    environment = base / "tools"
    create_environment(environment, sysconfig.get_path("purelib"))
    return Runner(base, environment, url)


@pytest.fixture(params=MODES, ids=str)
def mode(request):
    return request.param


@pytest.fixture
def check(bare_runner, mode):
    return checker(bare_runner, mode)


@pytest.fixture
def check_with_tools(tools_runner, mode):
    return checker(tools_runner, mode)
