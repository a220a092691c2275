# `nomad job run balancer-agent.nomad.hcl`: one agent on each client.
#
# The client's configuration has to allow what the agent needs:
#   plugin "docker" { config {
#     allow_privileged = true   # pid_mode is refused without it
#     allow_caps = ["bpf", "perfmon", "net_admin", "dac_override", "setpcap"]
#     volumes { enabled = true }
#   } }
# Tokens are files of the client: /etc/balancer-agent/read and /etc/balancer-agent/admin, mode 0600.
variable "image" {
  type    = string
  default = "balancer-agent:latest"
}

job "balancer-agent" {
  type = "system"

  update {
    max_parallel = 1
    stagger      = "10s"
  }

  group "agent" {
    network {
      mode = "host"
      port "http" { static = 5000 }
    }

    service {
      name = "agent"
      port = "http"

      check {
        type     = "http"
        path     = "/readyz"
        interval = "5s"
        timeout  = "2s"
      }
    }

    task "agent" {
      driver       = "docker"
      kill_timeout = "15s"

      config {
        image           = var.image
        network_mode    = "host"
        pid_mode        = "host"
        readonly_rootfs = true
        pids_limit      = 64
        cap_drop        = ["all"]
        cap_add         = ["bpf", "perfmon", "net_admin", "dac_override", "setpcap"]
        security_opt    = ["no-new-privileges", "seccomp=unconfined"]
        volumes = [
          "/var/run/docker.sock:/var/run/docker.sock",
          "/sys/fs/cgroup:/host/cgroup",
          "/etc/balancer-agent:/etc/balancer-agent:ro",
        ]
      }

      # Variables, not flags: the health check of the image reads them, too.
      env {
        AGENT_LISTEN           = "${NOMAD_IP_http}:5000"
        AGENT_CGROUP_ROOT      = "/host/cgroup"
        AGENT_READ_TOKEN_FILE  = "/etc/balancer-agent/read"
        AGENT_ADMIN_TOKEN_FILE = "/etc/balancer-agent/admin"
      }

      resources {
        cpu    = 100
        memory = 64
        memory_max = 256
      }
    }
  }
}
