# `nomad job run balancer-agent.nomad.hcl`: one agent on each client.
#
# The client's configuration has to allow what the agent needs:
#   plugin "docker" { config {
#     allow_privileged = true   # pid_mode is refused without it
#     allow_caps = ["bpf", "perfmon", "net_admin", "dac_override", "setpcap"]
#     volumes { enabled = true }
#   } }
# Tokens are files of the client: /etc/balancer-agent/read and /etc/balancer-agent/admin, mode 0600.
#
# Nomad always pulls an image that is called latest. Tag the one that is loaded on each client
# (`cargo xtask image --tag balancer-agent:0.1.0`), or name one in a registry.
variable "image" {
  type    = string
  default = "balancer-agent:0.1.0"
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
        # Pure cgroup v2 wants the host's namespace; Nomad knows the setting since the middle of 2025.
        # cgroupns      = "host"
        readonly_rootfs = true
        pids_limit      = 64
        cap_drop        = ["all"]
        # Engines before 23.0 do not know BPF and PERFMON: write SYS_ADMIN (`sys_admin` in allow_caps) instead of the two.
        cap_add         = ["bpf", "perfmon", "net_admin", "dac_override", "setpcap"]
        security_opt    = ["no-new-privileges", "seccomp=unconfined"]
        volumes = [
          "/var/run/docker.sock:/var/run/docker.sock",
          "/sys/fs/cgroup:/host/cgroup",
          "/etc/balancer-agent:/etc/balancer-agent:ro",
        ]
      }

      # Variables, not flags: the health check of the image reads them, too.
      # Tokens go in the clear without AGENT_TLS_CERT and AGENT_TLS_KEY (the check above wants `protocol = "https"` with them).
      env {
        AGENT_LISTEN           = "${NOMAD_IP_http}:5000"
        AGENT_CGROUP_ROOT      = "/host/cgroup"
        AGENT_READ_TOKEN_FILE  = "/etc/balancer-agent/read"
        AGENT_ADMIN_TOKEN_FILE = "/etc/balancer-agent/admin"
      }

      resources {
        cpu    = 100
        memory = 64
        # Holds where the scheduler's configuration allows memory oversubscription; elsewhere `memory` is the limit.
        memory_max = 256
      }
    }
  }
}
