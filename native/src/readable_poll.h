#pragma once
#include <napi.h>
#include <uv.h>

#include <functional>
#include <utility>

#include "errors.h"

// Tells once, on the JavaScript thread, that a file descriptor is readable. libuv gives the handle back only after its loop has run
// again: it outlives this object, and where the thread is ended first, Node waits for it before it unloads this code.
class ReadablePoll {
 public:
  ReadablePoll(Napi::Env env, int fd, std::function<void()> onReadable) : onReadable_(std::move(onReadable)), handle_(new Handle{}) {
    uv_loop_t* loop = nullptr;
    napi_get_uv_event_loop(env, &loop);
    if (const int status = uv_poll_init(loop, &handle_->poll, fd); status < 0) {
      delete handle_;
      throw SystemError(env, -status, "uv_poll_init");
    }
    handle_->poll.data = handle_;
    handle_->owner = this;
    napi_add_async_cleanup_hook(env, &ThreadEnds, handle_, &handle_->hook);
  }
  ReadablePoll(const ReadablePoll&) = delete;
  ReadablePoll& operator=(const ReadablePoll&) = delete;
  ~ReadablePoll() {
    if (handle_ != nullptr) Release(handle_);
  }

  void Start() {
    if (handle_ != nullptr) uv_poll_start(&handle_->poll, UV_READABLE, &Readable);
  }

  void Stop() {
    if (handle_ != nullptr) uv_poll_stop(&handle_->poll);
  }

 private:
  struct Handle {
    uv_poll_t poll;
    napi_async_cleanup_hook_handle hook;
    ReadablePoll* owner;
  };

  static void Readable(uv_poll_t* poll, int, int) {
    uv_poll_stop(poll);
    const auto tell = static_cast<Handle*>(poll->data)->owner->onReadable_;  // a copy: whoever is told may end this object
    tell();
  }

  static void ThreadEnds(napi_async_cleanup_hook_handle, void* data) {
    auto* handle = static_cast<Handle*>(data);
    if (handle->owner != nullptr) Release(handle);  // else it is being released already
  }

  static void Release(Handle* handle) {
    std::exchange(handle->owner, nullptr)->handle_ = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&handle->poll), [](uv_handle_t* closed) {
      auto* released = static_cast<Handle*>(closed->data);
      napi_remove_async_cleanup_hook(released->hook);
      delete released;
    });
  }

  std::function<void()> onReadable_;
  Handle* handle_;  // null once the thread ends
};
