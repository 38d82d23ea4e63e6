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
      # A program, not a part of the addon: it outlives the command that begins it.
      "target_name": "relay",
      "type": "executable",
      "sources": ["src/relay.cc"],
      "cflags_cc": ["-std=c++20", "-Wall", "-Wextra"]
    }
  ]
}
