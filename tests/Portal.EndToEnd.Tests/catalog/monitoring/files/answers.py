"""1 KB for everything that is asked, by nginx with one worker: the program behind a proxy that is measured must not be what is measured."""
import os

ANSWERS = """
daemon off; worker_processes 1; pid %(here)s/nginx.pid; error_log stderr;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path %(here)s/body; proxy_temp_path %(here)s/proxy; fastcgi_temp_path %(here)s/fastcgi; uwsgi_temp_path %(here)s/uwsgi; scgi_temp_path %(here)s/scgi;
  server { listen 127.0.0.1:%(port)s; default_type text/plain; location / { return 200 "%(text)s"; } }
}
"""
here = os.getcwd()
with open("nginx.conf", "w") as file:
    file.write(ANSWERS % {"here": here, "port": os.environ["PORT"], "text": "x" * 1024})
os.execv("/usr/sbin/nginx", ["nginx", "-c", here + "/nginx.conf", "-e", "stderr"])
