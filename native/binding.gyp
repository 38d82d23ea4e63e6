{
  "targets": [
    {
      "target_name": "beacon",
      "sources": ["src/addon.cc", "src/filter_program.cc", "src/kernel_tables.cc", "src/pcap_socket.cc"],
      "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except"],
      # A worker thread may be ended while the addon works for it: what can no longer be thrown is dropped, not std::terminate().
      "defines": ["NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags_cc": ["-std=c++20", "-Wall", "-Wextra"],
      "libraries": ["-lpcap"]
    },
    {
      # Sprays at rate. What needs programs in the kernel is built where libbpf is.
      "target_name": "spray",
      "sources": [
        "src/evidence.cc", "src/match_capture.cc", "src/match_filters.cc", "src/match_kernel.cc", "src/match_matcher.cc", "src/match_pcap.cc",
        "src/match_settings.cc", "src/match_settle.cc", "src/match_tc.cc", "src/match_xdp.cc",
        "src/spray_addon.cc", "src/spray_afxdp.cc", "src/spray_device.cc", "src/spray_inject.cc", "src/spray_kernel.cc", "src/spray_live.cc",
        "src/spray_sender.cc", "src/spray_sendmmsg.cc", "src/spray_trial.cc"
      ],
      "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except"],
      "defines": ["NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags_cc": ["-std=c++20", "-Wall", "-Wextra"],
      "libraries": ["-lpcap"],
      "conditions": [
        ["'<!(test -e /usr/include/bpf/libbpf.h && echo yes || echo no)'=='yes'", {
          "defines": ["HAVE_LIBBPF"],
          "libraries": ["-lbpf"]
        }]
      ]
    },
    {
      # A program, not a part of the addon: it outlives the command that begins it.
      "target_name": "relay",
      "type": "executable",
      "sources": ["src/relay.cc"],
      "cflags_cc": ["-std=c++20", "-Wall", "-Wextra"]
    }
  ]
}
