"""
A collector of somebody else's making: it takes OTLP over gRPC, and knows nothing of us.
"""

RECEIVER = """
import sys
from concurrent.futures import ThreadPoolExecutor
import grpc
class Any(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method.endswith("LogsService/Export"):
            return grpc.unary_unary_rpc_method_handler(lambda body, context: b"")
server = grpc.server(ThreadPoolExecutor(1), options=[("grpc.so_reuseport", 0)])
server.add_generic_rpc_handlers((Any(),))
server.add_insecure_port("127.0.0.1:" + sys.argv[1])
server.start()
print("ready", flush=True)
server.wait_for_termination()
"""
