"""The endpoints that authsvc's are compared with."""

from django.contrib.auth.models import User
from django.urls import path
from rest_framework import generics, permissions, serializers
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView, TokenVerifyView


class UserSerializer(serializers.ModelSerializer):
    """A user as others see him."""

    class Meta:
        """Which fields."""

        model = User
        fields = ("id", "email", "username", "first_name", "last_name", "is_active")


class Me(generics.RetrieveAPIView):
    """Whoever holds the token."""

    serializer_class = UserSerializer

    def get_object(self) -> User:
        """The user that the token's authentication has fetched."""
        return self.request.user


class ById(generics.RetrieveAPIView):
    """The lookup of other services."""

    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)
    serializer_class = UserSerializer
    queryset = User.objects.all()


urlpatterns = [
    path("me/", Me.as_view()),
    path("users/<int:pk>/", ById.as_view()),
    path("token/", TokenObtainPairView.as_view()),
    path("token/refresh/", TokenRefreshView.as_view()),
    path("token/verify/", TokenVerifyView.as_view()),
]
