{
  "targets": [
    {
      "target_name": "beacon",
      "sources": ["src/addon.cc", "src/kernel_tables.cc", "src/pcap_socket.cc"],
      "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except"],
      "cflags_cc": ["-std=c++20", "-Wall", "-Wextra"],
      "libraries": ["-lpcap"]
    }
  ]
}
