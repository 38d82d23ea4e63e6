#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "match_settle.h"

// The thread that settles for a matcher in the kernel, and does what is due each second.
class MatchWorker {
 public:
  MatchWorker(MatchSettle& settle, std::function<void()> eachSecond)
      : settle_(settle), eachSecond_(std::move(eachSecond)), thread_([this] { Work(); }) {}
  MatchWorker(const MatchWorker&) = delete;
  MatchWorker& operator=(const MatchWorker&) = delete;
  ~MatchWorker() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void Settle(uint64_t end, bool last) {
    {
      const std::lock_guard lock(mutex_);
      end_ = end;
      last_ = last;
      asked_ = true;
    }
    wake_.notify_one();
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    while (!stop_) {
      wake_.wait_for(lock, std::chrono::seconds(1), [this] { return stop_ || asked_; });
      const bool asked = asked_;
      const uint64_t end = end_;
      const bool last = last_;
      asked_ = false;
      lock.unlock();
      eachSecond_();
      if (asked) settle_.Settle(end, last);
      lock.lock();
    }
  }

  MatchSettle& settle_;
  std::function<void()> eachSecond_;
  std::mutex mutex_;
  std::condition_variable wake_;
  uint64_t end_ = 0;
  bool last_ = false;
  bool asked_ = false;
  bool stop_ = false;
  std::thread thread_;  // last: it begins when all else is there
};
